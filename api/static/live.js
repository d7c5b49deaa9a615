// Live values of a room, and a fresh copy of the parts marked data-refresh. Without it the page reads the same.
"use strict";

(() => {
  const REFRESH_MS = 120_000;
  const RETRY_MS = 10_000;
  const light = document.getElementById("light");

  // The server's time now: the time the page was written plus the longer of two clocks' march. A screen's own
  // clock may be wrong, and performance.now() stands still while some machines sleep.
  const clock = (written) => {
    const wall = Date.now();
    const ticks = performance.now();
    return () => written + Math.max(Date.now() - wall, performance.now() - ticks);
  };

  if (light) followRoom();
  setInterval(refresh, REFRESH_MS);

  function followRoom() {
    const { words, icons, reasons } = Object.fromEntries(
      ["words", "icons", "reasons"].map((name) => [name, JSON.parse(light.dataset[name])]),
    );
    const { locale, zone } = light.dataset;
    const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    const celsius = new Intl.NumberFormat(locale, {
      style: "unit", unit: "celsius", minimumFractionDigits: 1, maximumFractionDigits: 1,
    });
    const hour = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", timeZone: zone });
    const fields = Object.fromEntries([...light.querySelectorAll("[data-value]")].map((f) => [f.dataset.value, f]));
    let serverTime = clock(Date.parse(light.dataset.now));

    function show(level, reason) {
      light.dataset.level = level;
      const word = light.querySelector("[data-word]");
      if (word.textContent !== words[level]) word.textContent = words[level];
      const use = light.querySelector(".word use");
      use.setAttribute("href", use.getAttribute("href").split("#")[0] + "#" + icons[level]);
      light.querySelector("[data-reason]").textContent = reasons[reason] || "";
    }

    function take(room) {
      serverTime = clock(Date.parse(room.time));
      for (const value of room.values) {
        const field = fields[value.quantity];
        if (!field) continue;
        field.dataset.time = value.time;
        if (value.stale || value.flag || value.verdict) field.textContent = "–";
        else if (value.quantity === "co2_ppm") {
          field.textContent = `${whole.format(room.air.shown_ppm)}\u00a0ppm`;
          showMeasured(value.time);
        } else field.textContent = celsius.format(value.value).replace(/\s/, "\u00a0");
      }
      show(room.air.level || "none", room.air.reason);
    }

    function showMeasured(time) {
      const stamp = document.createElement("time");
      stamp.dateTime = time;
      stamp.textContent = hour.format(new Date(time));
      const measured = light.querySelector("[data-measured]");
      measured.replaceChildren(stamp);
      measured.classList.remove("old");
    }

    function greyOutWhatIsStale() {
      for (const [quantity, field] of Object.entries(fields)) {
        if (!field.dataset.time) continue;
        const ageS = (serverTime() - Date.parse(field.dataset.time)) / 1000;
        if (ageS <= Number(field.dataset.staleAfterS)) continue;
        field.textContent = "–";
        if (quantity === "co2_ppm" && light.dataset.level !== "none") show("none", "stale");
      }
    }

    function listen() {
      const events = new EventSource(light.dataset.stream);
      events.addEventListener("now", (event) => take(JSON.parse(event.data)));
      events.addEventListener("error", () => {
        if (events.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
      });
    }

    listen();
    setInterval(greyOutWhatIsStale, 1_000);
  }

  // A part that is being read (focus inside) is left alone; an opened table stays open.
  async function refresh() {
    const parts = [...document.querySelectorAll("[data-refresh]")].filter((p) => !p.contains(document.activeElement));
    if (!parts.length || document.hidden) return;
    let answer;
    try {
      answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    } catch {
      return; // the server is away; the next round tries again
    }
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const copy = fresh.getElementById(part.id);
      if (!copy) continue;
      const open = [...part.querySelectorAll("details")].map((details) => details.open);
      [...copy.querySelectorAll("details")].forEach((details, n) => { details.open = Boolean(open[n]); });
      part.replaceChildren(...copy.childNodes);
    }
  }
})();
