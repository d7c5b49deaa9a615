"""One visitor's look at a page: the site as it stands, the time, the language it is told in, who looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from api.access.viewer import Viewer
from api.context import ApiContext
from api.pages.language import Language
from classroom.places import School
from classroom.site import Site


class MissingPlaceError(Exception):
    """The address names a school, room or week that is not there."""


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

    def school(self, key: str) -> School:
        """The school that an address names.

        Raises:
            MissingPlaceError: there is none.
        """
        found = self.site.school_by_key.get(key)
        if found is None:
            raise MissingPlaceError
        return found
