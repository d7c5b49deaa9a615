"""Operations: whether messages come in, devices speak, and how much of the data stands."""

from __future__ import annotations

from dashboards.board import Board, Placed
from dashboards.infinity import RANGE, Column, Query, number, when, word
from dashboards.look import BAD_FROM_ONE, COVERAGE_STEPS, GOOD, NOW, SOON, Step, named, trouble_words, unit
from dashboards.panels import Figure, PanelBuilder, Shown, curve_panel, stat_panel, table_panel
from dashboards.words import Say

STALLED_S = 1_800
"""So long [s] without any message a site's ingest has stalled: more than a reporting interval of any "
"device."""

_AGE_STEPS = (Step(None, GOOD), Step(STALLED_S / 2, SOON), Step(STALLED_S, NOW))
_QUEUE_STEPS = (Step(None, GOOD), Step(1_000, SOON), Step(100_000, NOW))


def operations_board(say: Say) -> Board:
    """The dashboard."""
    return Board(
        key="operations",
        title=say("Drift", "Operations"),
        description=say(
            "För den som sköter systemet. Kräver en nyckel för alla skolor. Räknare är processens "
            "sedan start; för kurvor över dem läser Prometheus /metrics.",
            "For whoever keeps the system running. Needs a token of all schools. Counters are the "
            "process's since its start; for curves of them Prometheus reads /metrics.",
        ),
        since="now-30d",
        refresh="1m",
        variables=(),
        rows=(
            tuple(Placed(panel, 4, 5) for panel in _figures(say)),
            tuple(Placed(panel, 4, 5) for panel in _counters(say)),
            (Placed(_parts(say), 12, 8), Placed(_letters(say), 12, 8)),
            (Placed(_devices(say), 24, 11),),
            (Placed(_pending(say), 12, 9), Placed(_coverage(say), 12, 9)),
        ),
    )


def _figure(say: Say, field: str, title: str, about: str, figure: Figure) -> PanelBuilder:
    return stat_panel(say, title, about, Query("operations", (number(field, title),)), figure)


def _figures(say: Say) -> list[PanelBuilder]:
    return [
        _figure(
            say,
            "newest_message_age_s",
            say("Senaste meddelande", "Newest message"),
            say(
                "Hur länge sedan något hördes från någon enhet. Över en halvtimme: intaget står stilla.",
                "How long ago any device was heard. Above half an hour: ingest has stalled.",
            ),
            Figure(unit("s"), 0, _AGE_STEPS),
        ),
        _figure(
            say,
            "devices_in_trouble",
            say("Enheter med fel", "Devices in trouble"),
            say(
                "Tysta, fastnade, drivande eller med svagt batteri; listan står nedan.",
                "Silent, stuck, drifted or low on battery; the list is below.",
            ),
            Figure("none", 0, BAD_FROM_ONE),
        ),
        _figure(
            say,
            "devices",
            say("Enheter på plats", "Devices placed"),
            say("Enheter med en plats nu.", "Devices that have a place now."),
            Figure("none", 0),
        ),
        _figure(
            say,
            "devices_pending",
            say("Väntar på plats", "Waiting for a place"),
            say(
                "Hörda enheter utan rad i devices.csv. Deras värden sparas och väntar.",
                "Devices that are heard but have no row in devices.csv. Their readings are stored and wait.",
            ),
            Figure("none", 0, BAD_FROM_ONE),
        ),
        _figure(
            say,
            "dead_letters",
            say("Oläsbara meddelanden", "Dead letters"),
            say(
                "Meddelanden som inte kunde läsas; de är sparade och kan läsas om.",
                "Messages that could not be read; they are kept and can be read again.",
            ),
            Figure("none", 0, BAD_FROM_ONE),
        ),
        _figure(
            say,
            "spool_messages",
            say("Väntar på lagring", "Waiting for the store"),
            say(
                "Meddelanden på disk som ännu inte lagrats. Ingen uppgift: den här processen tar inte emot.",
                "Messages on disk that are not stored yet. No data: this process does not ingest.",
            ),
            Figure("none", 0, _QUEUE_STEPS),
        ),
    ]


def _counters(say: Say) -> list[PanelBuilder]:
    since = say(" Sedan processens start.", " Since the process started.")

    def counter(field: str, title: str, about: str, symbol: str = "none") -> PanelBuilder:
        return _figure(say, field, title, about + since, Figure(symbol, 0))

    return [
        counter(
            "messages_received",
            say("Mottagna meddelanden", "Messages received"),
            say("Från mäklaren.", "From the broker."),
        ),
        counter(
            "readings_stored", say("Lagrade värden", "Readings stored"), say("Nya värden.", "New readings.")
        ),
        counter(
            "readings_duplicate",
            say("Dubbletter", "Duplicates"),
            say("Värden som redan fanns.", "Readings that were there already."),
        ),
        counter(
            "spool_bytes", say("Kö på disk", "Spool"), say("Köns storlek.", "Size of the queue."), unit("B")
        ),
        counter(
            "live_readers",
            say("Öppna skärmar", "Open screens"),
            say("Sidor och skärmar som följer med.", "Pages and screens that follow."),
        ),
    ]


def _parts(say: Say) -> PanelBuilder:
    title, well = say("Delar", "Parts"), say("Fungerar", "Works")
    about = say("Tjänstens delar och vad de säger.", "The parts of the service and what they say.")
    columns = (
        word("name", say("Del", "Part")),
        Column("ok", well, "boolean"),
        word("message", say("Besked", "Says")),
    )
    words = named({"true": (say("ja", "yes"), GOOD), "false": (say("nej", "no"), NOW)}, say.no_data)
    return table_panel(
        say, title, about, Query("operations", columns, root="parts"), {well: Shown(words=words)}
    )


def _letters(say: Say) -> PanelBuilder:
    title = say("Oläsbara, efter orsak", "Dead letters by reason")
    about = say(
        "Läs om dem med 'classroom-climate dead-letters replay' när orsaken är åtgärdad.",
        "Read them again with 'classroom-climate dead-letters replay' once the reason is mended.",
    )
    columns = (word("reason", say("Orsak", "Reason")), number("letters", say("Antal", "Letters")))
    return table_panel(say, title, about, Query("operations", columns, root="dead_letters_by_reason"))


def _devices(say: Say) -> PanelBuilder:
    title, trouble = say("Enheter med fel", "Devices in trouble"), say("Fel", "Trouble")
    about = say(
        "Tyst är äldre än tre rapporter och en kvart. Tomt är att alla mår bra.",
        "Silent is older than three reports and a quarter of an hour. Empty: all are well.",
    )
    age, interval, battery = (
        say("Ålder", "Age"),
        say("Rapporterar var", "Reports every"),
        say("Batteri", "Battery"),
    )
    columns = (
        word("device", say("Enhet", "Device")),
        word("trouble", trouble),
        word("school", say("Skola", "School")),
        word("room", say("Rum", "Room")),
        word("meter", say("Mätare", "Meter")),
        number("age_s", age),
        number("interval_s", interval),
        number("battery_pct", battery),
        word("family", say("Familj", "Family")),
    )
    shown = {
        trouble: Shown(words=trouble_words(say)),
        age: Shown(unit("s"), 0),
        interval: Shown(unit("s"), 0),
        battery: Shown(unit("%"), 0),
    }
    return table_panel(
        say,
        title,
        about,
        Query("devices/health", columns, (("in_trouble", "true"),)),
        shown,
        sort=(age, "down"),
    )


def _pending(say: Say) -> PanelBuilder:
    title = say("Enheter som väntar på plats", "Devices waiting for a place")
    about = say(
        "Ge dem en plats med 'classroom-climate devices assign'.",
        "Place them with 'classroom-climate devices assign'.",
    )
    columns = (
        word("device", say("Enhet", "Device")),
        word("family", say("Familj", "Family")),
        when("last_seen", say("Hörd", "Heard")),
        number("messages", say("Meddelanden", "Messages")),
    )
    return table_panel(say, title, about, Query("operations", columns, root="pending"))


def _coverage(say: Say) -> PanelBuilder:
    title = say("Täckning, el per skola", "Coverage, electricity by school")
    about = say(
        "Den del av dygnet då skolans elmätare talade. Hela dygn; ett avbrott är ingen uppgift.",
        "The part of the day in which the school's electricity meters spoke. Whole days; a break is no data.",
    )
    columns = (when(), word("id", "school"), number("coverage", title))
    chosen = (("metric", "energy_kwh"), ("carrier", "electricity"), ("interval", "day"), ("by", "school"))
    query = Query("portfolio/metrics", columns, (*chosen, *RANGE, ("order", "time")), form="timeseries")
    figure = Figure(unit("1"), 0, COVERAGE_STEPS, low=0, high=1)
    return curve_panel(say, title, about, [query], figure, label="${__field.labels.school}")
