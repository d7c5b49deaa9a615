"""What people do on the pages in a real browser: forms, reports, tables that open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browsing import PATIENCE_MS, SCHOOL, START, looking

from analytics.insights.model import InsightKind

if TYPE_CHECKING:
    from made_up_school import Served
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_report_is_fetched_from_the_page(browser: Browser, served: Served, scripts: bool) -> None:
    with looking(browser, served, "/schools/tagaborg", scripts=scripts) as page:
        page.get_by_text("Rapport att ta med").click()
        page.get_by_label("Period").select_option(label="oktober 2026")
        page.get_by_label("Format").select_option("csv")
        with page.expect_download() as coming:
            page.get_by_role("button", name="Hämta rapporten").click()
        assert coming.value.suggested_filename == "tagaborg-2026-10-sv.csv"
        assert coming.value.path().read_text(encoding="utf-8-sig").startswith("school;room;period")


def test_forms_and_explanations_need_no_javascript(browser: Browser, served: Served) -> None:
    with looking(browser, served, START, scripts=False) as page:
        page.get_by_label("Rum som säger").select_option("now")
        page.get_by_role("button", name="Visa").click()
        names = page.get_by_role("rowheader").all_inner_texts()
        assert [name.split("\n")[0] for name in names] == ["Tågaborgsskolan"]
        page.get_by_role("link", name="Visa alla").click()
        page.get_by_role("link", name="kWh per elev").click()
        assert page.get_by_role("rowheader").first.inner_text().startswith("Tågaborgsskolan")
    with looking(browser, served, SCHOOL, scripts=False) as page:
        text = page.get_by_text("Vad skolan skulle ha använt i just det här vädret")
        assert not text.is_visible()
        page.get_by_role("button", name="Vad betyder Det väntade?").click()
        assert text.is_visible()
        page.keyboard.press("Escape")
        assert not text.is_visible()


def test_a_class_writes_down_an_experiment_and_takes_it_away(browser: Browser, served: Served) -> None:
    with looking(browser, served, f"{SCHOOL}/experiments", scripts=False) as page:
        page.get_by_label("Vad gjorde ni?").fill("Släckte när vi gick ut")
        page.get_by_label("Var?").select_option(label="Sal A101")
        page.get_by_label("Första dagen").fill("2026-11-17")
        page.get_by_role("button", name="Spara").click()
        card = page.get_by_role("heading", name="Släckte när vi gick ut")
        playwright.expect(card).to_be_visible(timeout=PATIENCE_MS)
        assert page.url.endswith(f"{SCHOOL}/experiments")
        page.get_by_role("button", name="Ta bort Släckte när vi gick ut").click()
        playwright.expect(card).to_have_count(0, timeout=PATIENCE_MS)


def test_the_answer_waits_until_the_class_has_guessed(browser: Browser, served: Served) -> None:
    with looking(browser, served, f"{SCHOOL}/day", scripts=False) as page:
        answer = page.locator(".answer")
        assert not answer.is_visible()
        summary = page.get_by_text("Visa svaret")
        summary.focus()
        page.keyboard.press("Enter")
        assert answer.is_visible()
        page.emulate_media(media="print")
        assert page.locator(".question .asked").is_visible()
        assert not page.locator(".entry").is_visible()


def test_food_waste_is_typed_in_on_the_day(browser: Browser, served: Served) -> None:
    with looking(browser, served, f"{SCHOOL}/day", scripts=False) as page:
        page.get_by_label("Matsvinn [kg]").fill("14,5")
        page.get_by_label("Serverade portioner").fill("290")
        page.get_by_role("button", name="Spara").click()
        playwright.expect(page.get_by_text("50 g per portion")).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_label("Matsvinn [kg]").fill("")
        page.get_by_label("Serverade portioner").fill("")
        page.get_by_role("button", name="Spara").click()
        playwright.expect(page.get_by_text("50 g per portion")).to_have_count(0, timeout=PATIENCE_MS)


def test_a_finding_is_drawn_and_its_table_opens(browser: Browser, served: Served) -> None:
    with looking(browser, served, SCHOOL) as page:
        card = page.locator("article", has=page.locator("#finding-1"))
        box = card.locator("svg.lines path").first.bounding_box()
        assert box is not None
        assert box["width"] > 100
        assert not card.locator("table").first.is_visible()
        card.get_by_text("Det som visar det, som tabell").click()
        assert card.locator("table").first.is_visible()
        page.get_by_role("link", name=f"Alla {len(InsightKind)} fynd").click()
        playwright.expect(page.locator("article")).to_have_count(len(InsightKind))


def test_rooms_are_sorted_by_a_link(browser: Browser, served: Served) -> None:
    with looking(browser, served, "/rooms", scripts=False) as page:
        assert page.get_by_role("rowheader").first.inner_text() == "Sal A103"
        page.get_by_role("table").get_by_role("link", name="Rum", exact=True).click()
        assert page.get_by_role("rowheader").first.inner_text() == "Biblioteket"
