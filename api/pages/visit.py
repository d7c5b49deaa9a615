"""One visitor's look at a page: the site as it stands, the time, the language it is told in, who looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from api.access.viewer import Viewer
from api.context import ApiContext
from api.pages.language import Language
from classroom.site import Site


@dataclass(frozen=True, slots=True)
class Visit:
    """What every view needs; ``now`` is aware UTC and the same for the whole page."""

    context: ApiContext
    site: Site
    say: Language
    now: datetime
    viewer: Viewer

    @property
    def today(self) -> date:
        """The site's local day."""
        return self.now.astimezone(self.site.zone).date()
