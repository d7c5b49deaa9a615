"""Rows, sections, and the page that is made of them.

A section is a function of :class:`Seeds` that gives rows; ``benchmarks/evidence_accuracy.py`` lists them all.
Each stands on the page between two marks, so that one can be measured again while the others stay as they
were measured, with their own date and commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

DEVELOPMENT, EVALUATION = 1000, 5000
"""First seeds: analytics are developed on 1000 to 2999; 5000 and above try them, nothing is tuned on those.
Where a measurement led to a mend its seeds are spent, and serve development: the next takes ones not seen."""


class Seeds(NamedTuple):
    """Which seeds a section may use: those from ``first`` on; few of them where ``quick``."""

    first: int
    quick: bool

    def some(self, full: int, quick: int) -> range:
        """``full`` seeds, or ``quick`` of them in a quick run."""
        return range(self.first, self.first + (quick if self.quick else full))


class Row(NamedTuple):
    """A figure beside its goal; ``met`` is None where nobody set one."""

    what: str
    result: str
    goal: str = ""
    met: bool | None = None


class Section(NamedTuple):
    """A part of the page: what was tried (``text``, Markdown) and the function that tries it."""

    key: str
    title: str
    text: str
    run: Callable[[Seeds], Sequence[Row]]


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | goal | result | |", "|---|---|---|---|"]
    for row in rows:
        said = "" if row.met is None else "met" if row.met else "**not met**"
        lines.append(f"| {row.what} | {row.goal} | {row.result} | {said} |")
    return "\n".join(lines)


def block(section: Section, measured: str, rows: Iterable[Row]) -> str:
    """A section as it stands on the page; ``measured`` says when, of which commit and with which seeds."""
    return (
        f"<!-- section: {section.key} -->\n## {section.title}\n\n{section.text.strip()}\n\n"
        f"{measured}\n\n{table(rows)}\n<!-- end: {section.key} -->"
    )


def blocks_of(page: str) -> dict[str, str]:
    """The sections of an earlier page by key."""
    found = re.finditer(r"<!-- section: (\w+) -->.*?<!-- end: \1 -->", page, re.DOTALL)
    return {match[1]: match[0] for match in found}
