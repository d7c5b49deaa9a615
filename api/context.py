"""What the routes are handed: the seams between the API and the parts that ``cli`` wires behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry

from classroom.site import Site
from reports.fits import Fits
from store.base import Store

if TYPE_CHECKING:
    from api.access.file import AccessFile
    from api.live import LiveHub
    from reports.deliveries import Deliveries
    from reports.service import Reports


class Health(Protocol):
    """State of one part of the process; any (name, ok, message) NamedTuple or dataclass will do."""

    @property
    def name(self) -> str:
        """The part: broker, spool, store …"""
        ...

    @property
    def ok(self) -> bool:
        """Whether the part does its work now."""
        ...

    @property
    def message(self) -> str:
        """What is wrong and what to do, or how well it goes; without secrets and paths."""
        ...


@dataclass(frozen=True, slots=True)
class PartHealth:
    """The plain :class:`Health`."""

    name: str
    ok: bool
    message: str


class Received(Protocol):
    """A message as it was received."""

    @property
    def topic(self) -> str:
        """MQTT topic it came on; not to be trusted."""
        ...

    @property
    def payload(self) -> bytes:
        """The payload, perhaps cut by its keeper."""
        ...

    @property
    def received(self) -> datetime:
        """When it came (aware UTC)."""
        ...


class DeadLetter(Protocol):
    """A message that was kept because it could not become readings."""

    @property
    def id(self) -> int:
        """Number of the letter, growing with time."""
        ...

    @property
    def message(self) -> Received:
        """The message."""
        ...

    @property
    def size(self) -> int:
        """Length of the payload as received [bytes]."""
        ...

    @property
    def reason(self) -> str:
        """Why it is dead: ``not_json``, ``no_decoder``, …"""
        ...

    @property
    def detail(self) -> str:
        """The reason in words, possibly empty."""
        ...

    @property
    def device(self) -> str | None:
        """The device that sent it, if the message says so."""
        ...

    @property
    def family(self) -> str | None:
        """The decoder that recognised it, if one did."""
        ...

    @property
    def tries(self) -> int:
        """How often it was read in vain: once, and once with each replay."""
        ...


class Letters(Protocol):
    """The kept dead letters. Methods may be called from any thread."""

    def list(
        self,
        reason: str | None = None,
        before_id: int | None = None,
        limit: int = 100,
        family: str | None = None,
        topic: str | None = None,
    ) -> Sequence[DeadLetter]:
        """At most ``limit`` letters, newest first.

        Only of ``reason``, of ``family``, of topics that fit the filter ``topic`` and with
        ``id < before_id`` where given.
        """
        ...

    def get(self, id: int) -> DeadLetter | None:  # noqa: A002
        """The letter with that number; None if there is none (any more)."""
        ...

    def count_by_reason(self) -> Mapping[str, int]:
        """Number of kept letters of each reason."""
        ...


class Sighting(Protocol):
    """A device that has been heard, placed or not."""

    @property
    def device(self) -> str:
        """Device key, as readings carry it."""
        ...

    @property
    def family(self) -> str | None:
        """Decoder that understood it: ``native``, ``elsys``, …; None if none did."""
        ...

    @property
    def first_seen(self) -> datetime:
        """Receive time of its first message (aware UTC)."""
        ...

    @property
    def last_seen(self) -> datetime:
        """Receive time of its newest message (aware UTC)."""
        ...

    @property
    def last_topic(self) -> str:
        """Topic of its newest message."""
        ...

    @property
    def messages(self) -> int:
        """How many messages it has sent."""
        ...

    @property
    def hints(self) -> Mapping[str, str]:
        """What the messages say of its place: ``school``, ``room``, ``name`` ….

        Suggestions, never taken as true.
        """
        ...


class Sightings(Protocol):
    """The devices that have been heard. May be called from any thread."""

    def sightings(self) -> Sequence[Sighting]:
        """All of them, by key."""
        ...


class Replayed(Protocol):
    """What a page of a replay came to, in letters."""

    @property
    def placed(self) -> int:
        """Read now, and no letters any more."""
        ...

    @property
    def failed(self) -> Mapping[str, int]:
        """Still letters, by their present reason."""
        ...

    @property
    def cut(self) -> int:
        """Kept in part only, so they cannot be replayed."""
        ...

    @property
    def waiting(self) -> int:
        """Handed in; they will be read once the store serves."""
        ...

    @property
    def next_id(self) -> int | None:
        """``after_id`` of the next page; None after the last."""
        ...

    @property
    def through_id(self) -> int:
        """Newest letter of this replay; for the next page."""
        ...


class NotNowError(Exception):
    """What was asked cannot be done at present; the message says why and what to do."""


class LetterControl(Protocol):
    """What may be done with letters. Methods may be called from any thread, and take their time."""

    def replay(
        self,
        *,
        reason: str | None,
        family: str | None,
        topic: str | None,
        ids: Sequence[int] | None,
        after_id: int,
        through_id: int | None,
        limit: int,
    ) -> Replayed:
        """Read the oldest letters meant after ``after_id`` again, at most ``limit``.

        Raises:
            NotNowError: nothing was done, or what was handed in has to wait.
        """
        ...

    def purge(
        self,
        *,
        reason: str | None,
        family: str | None,
        topic: str | None,
        ids: Sequence[int] | None,
        received_before: datetime | None,
    ) -> int:
        """Delete the letters meant; gives their number.

        Raises:
            NotNowError: the file cannot be written.
        """
        ...


class Upload(Protocol):
    """A file on its way in. Either :meth:`finish` or :meth:`drop` ends it."""

    def write(self, block: bytes) -> None:
        """Take in a block."""
        ...

    def finish(self) -> str:
        """The file is whole; gives its id."""
        ...

    def drop(self) -> None:
        """It does not come after all."""
        ...


class Imports(Protocol):
    """Files that the site takes in. Methods may be called from any thread.

    Names that cannot be are a ValueError, a source without a good mapping a
    :class:`classroom.faults.ConfigurationError`.
    """

    @property
    def limit_bytes(self) -> int:
        """Largest file taken."""
        ...

    def set_mapping(self, source: str, text: str) -> None:
        """Give a source its mapping."""
        ...

    def receive(self, source: str, name: str) -> Upload:
        """Begin to take in a file."""
        ...

    def report(self, id: str) -> Mapping[str, object] | None:  # noqa: A002
        """What became of a file; None if it is not known."""
        ...

    def reports(self, limit: int) -> Sequence[Mapping[str, object]]:
        """The newest reports."""
        ...


class Push(Protocol):
    """Takes a message as if it had come over MQTT."""

    def __call__(self, topic: str, payload: bytes, /) -> Future[None]:
        """The future ends when it is durable."""
        ...


class Analysis(Protocol):
    """The analytics job of the running service. Methods may be called from any thread."""

    def ask(self, school: str | None, start: datetime | None, end: datetime | None, *, full: bool) -> int:
        """Run it soon, narrowed as said; gives a number to ask :meth:`state` for.

        Raises:
            NotNowError: another such run waits or is under way.
        """
        ...

    def state(self, number: int) -> Mapping[str, object] | None:
        """How far it is; None if it is not known (any more)."""
        ...


@dataclass(frozen=True, slots=True)
class Control:
    """What changes something, for those who know the ``key``; what is None is another process's."""

    key: str
    letters: LetterControl | None = None
    imports: Imports | None = None
    push: Push | None = None
    analysis: Analysis | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What lets people and programs in: the site's access file and, with a sign-in provider, our secret."""

    file: AccessFile
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ApiContext:
    """All that the API may use.

    ``site`` is asked on every request, so that a reloaded site is seen at once. Without ``control`` the API
    only reads; ``writes``: staff may write documents into the store. ``fits`` makes signatures and savings,
    perhaps in another process, and remembers them.
    """

    site: Callable[[], Site]
    store: Store
    clock: Callable[[], datetime]
    live: LiveHub
    letters: Letters
    sightings: Sightings
    health: Callable[[], Sequence[Health]]
    registry: CollectorRegistry
    control: Control | None = None
    writes: bool = True
    access: Access | None = None
    fits: Fits = field(default_factory=Fits)
    reports: Reports | None = None
    deliveries: Deliveries | None = None
