"""A report as a document: its front page and its sections, in one language."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from reports.document import Document
from reports.figures import Report
from reports.language import Code, Language, language
from reports.sections.air import air_section
from reports.sections.comparison import comparison_section
from reports.sections.emissions import emissions_section
from reports.sections.energy import energy_section
from reports.sections.insights import insights_section
from reports.sections.method import figures_section, method_section
from reports.sections.quality import quality_section
from reports.sections.summary import missing, sentences, tiles


def compose(report: Report, code: Code, versions: dict[str, str], manifest: str = "") -> Document:
    """The document of a school's report; ``manifest`` is embedded as it is."""
    lang = language(code, ZoneInfo(report.time_zone))
    text = lang.text
    complete, said = missing(report, lang)
    return Document(
        lang=code,
        title=text("Energy and climate: {school}", school=report.name),
        subtitle=lang.period(report.period).capitalize(),
        site=", ".join(dict.fromkeys(filter(None, (report.municipality, report.site_name)))),
        made=text("Made {moment}", moment=lang.moment(report.made)),
        tiles=tiles(report, lang),
        summary=sentences(report, lang),
        complete=complete,
        missing=said,
        sections=(
            energy_section(report, lang),
            emissions_section(report, lang),
            comparison_section(report, lang),
            air_section(report, lang),
            insights_section(report.insights, report.period, lang),
            quality_section(report, lang),
            method_section(report, lang, versions),
            figures_section(report, lang),
        ),
        words=words(lang),
        figures=tuple(report.figures.values()),
        manifest=manifest,
    )


def words(lang: Language) -> dict[str, str]:
    """Words of the frame around the sections."""
    text = lang.text
    return {
        "summary": text("Summary"),
        "missing": text("What is missing"),
        "complete": text("Completeness"),
        "page": text("Page"),
        "of": text("of"),
        "figures": text("Figures"),
        "manifest": text("What this report was made from, for verification"),
    }
