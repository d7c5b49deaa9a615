"""The two languages of the dashboards: every text stands beside its translation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from classroom.quantity import QUANTITIES

Lang = Literal["sv", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)


@dataclass(frozen=True, slots=True)
class Say:
    """Chooses a text by language."""

    lang: Lang

    def __call__(self, swedish: str, english: str) -> str:
        """The text in this language."""
        return swedish if self.lang == "sv" else english

    def quantity(self, key: str) -> str:
        """Name of a quantity."""
        found = QUANTITIES[key]
        return self(found.label_sv, found.label_en)

    @property
    def no_data(self) -> str:
        """What stands where there is nothing to say."""
        return self("ingen uppgift", "no data")
