"""A site in one process: ingest, analytics and API; on a server the analytics may stand beside it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, disable_created_metrics

from api.context import ApiContext, Control, PartHealth
from api.live import LiveHub
from classroom.settings import Settings
from classroom.site import Site
from cli.access import open_access
from cli.clock import utc_now
from cli.codecs import load_codecs
from cli.control import LettersControl, new_key
from cli.deliveries import DeliveryThread, open_deliveries
from cli.imports import ServedImports, import_folder, known_places, watcher
from cli.logs import auditing
from cli.process import collect_seldom
from cli.scheduler import Scheduler
from cli.serving import fits_in_a_child, kept_arrivals, reports_in_a_child, serving
from cli.site import audit_log, data_folder, ingest_folder
from cli.stores import open_store, retention_rules
from cli.turn import Turn
from cli.watch import SiteWatch
from ingest.codecs.runner import Codecs
from ingest.decoders import decode
from ingest.decoders.generic_mapping import CustomMapping
from ingest.imports.job import Hands
from ingest.imports.watcher import ImportWatcher
from ingest.message import Message
from ingest.pipeline import Check, Pipeline
from store.base import Store, StoreError


class Service:
    """Everything that runs for a site; made by :func:`running`."""

    def __init__(self, site: Site, store: Store, pipeline: Pipeline, scheduler: Scheduler, url: str) -> None:
        self.site = site
        self.store = store
        self.pipeline = pipeline
        self.scheduler = scheduler
        self.url = url


@contextmanager
def running(
    site: Site,
    folder: Path,
    sock: socket.socket,
    mappings: Sequence[CustomMapping] = (),
    *,
    analyses: bool = True,
) -> Iterator[Service]:
    """Run a site's service around a block: API first, then ingest and analytics; stopped in the other order.

    ``sock`` listens already (:func:`listen`). Without ``analyses`` metrics are another process's.

    Raises:
        ConfigurationError: a codec of the site, the secret of its sign-in or of its mail cannot be used.
        AccessError: the access file cannot be opened.
        SchemaError, StoreError: the store cannot be opened, for example because another process owns it.
    """
    data = data_folder(folder)
    ingest_folder(folder, site.settings.ingest.name).mkdir(parents=True, exist_ok=True)
    registry = _registry()
    with ExitStack() as stack:
        store = open_store(site.settings.store, folder, writer=site.settings.ingest.name)
        stack.callback(store.close)
        stack.enter_context(auditing(audit_log(folder)))
        access = open_access(site.settings.access, folder)
        stack.callback(access.file.close)
        watch = SiteWatch(folder, site, on_change=lambda: scheduler.wake(), mappings=mappings)
        live = LiveHub(watch, registry, history=kept_arrivals(site) if analyses else 0)
        with suppress(StoreError):  # a server that is away: the first readings fill the pages
            live.seed(store, utc_now())
        pipeline = _pipeline(folder, watch, store, live, registry, stack)
        registered = registry if analyses else CollectorRegistry()
        scheduler = _scheduler(store, watch, data, registered, live, lambda: deliveries.wake())
        imports = _import_watcher(site, folder, watch, store, pipeline, scheduler.wake)
        key = stack.enter_context(new_key(folder, _address(sock), site.settings.ingest.name))
        fits = stack.enter_context(fits_in_a_child())
        reports = stack.enter_context(reports_in_a_child(store, watch, fits))
        deliveries = DeliveryThread(open_deliveries(watch, folder, store, reports), registry)
        turn = SharedWork(data, imports, deliveries)
        context = ApiContext(
            site=watch,
            store=store,
            clock=utc_now,
            live=live,
            letters=pipeline.letters,
            sightings=pipeline.letters,
            health=lambda: _health(pipeline, scheduler if analyses else None, watch, turn),
            registry=registry,
            access=access,
            control=_control(key, pipeline, watch, imports, scheduler if analyses else None),
            fits=fits,
            reports=reports,
            deliveries=deliveries.deliveries,
        )
        stack.enter_context(serving(context, sock))
        for part in (pipeline, scheduler, watch, turn):
            if analyses or part is not scheduler:
                part.start()
                stack.callback(part.stop)
        yield Service(site, store, pipeline, scheduler, _address(sock))


def _address(sock: socket.socket) -> str:
    """Where this machine reaches what listens on ``sock``."""
    host, port = sock.getsockname()[:2]
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - read, not listened on
    return f"http://{everywhere.get(host, f'[{host}]' if ':' in host else host)}:{port}"


def _registry() -> CollectorRegistry:
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each, read by nothing
    collect_seldom()
    return CollectorRegistry()


class SharedWork(Turn):
    """Dropped files and scheduled reports: of several ingesters one's work."""

    def __init__(self, data: Path, imports: ImportWatcher, deliveries: DeliveryThread) -> None:
        super().__init__(data, (imports, deliveries))
        self._imports, self._deliveries = imports, deliveries

    def checks(self) -> list[PartHealth]:
        """How it goes, or whose it is."""
        return [_imports(self._imports), self._deliveries.health()] if self.is_ours else [self.health()]


def _health(
    pipeline: Pipeline, scheduler: Scheduler | None, watch: SiteWatch, turn: SharedWork
) -> list[Check | PartHealth]:
    analysis = [] if scheduler is None else [scheduler.health()]
    return [*pipeline.health(), *analysis, _tables(watch), *turn.checks()]


def _named(settings: Settings) -> Settings:
    """Each of several ingesters has a session of its own at the broker: its name stands in the client id."""
    if settings.ingest.name is None:
        return settings
    client_id = f"{settings.mqtt.client_id}-{settings.ingest.name}"
    return settings.model_copy(update={"mqtt": settings.mqtt.model_copy(update={"client_id": client_id})})


def _pipeline(
    folder: Path, watch: SiteWatch, store: Store, live: LiveHub, registry: CollectorRegistry, stack: ExitStack
) -> Pipeline:
    codecs = Codecs(load_codecs(folder), decode=lambda message: decode(message, watch.mappings))
    stack.callback(codecs.close)
    settings = _named(watch().settings)
    return Pipeline(
        settings,
        watch,
        store,
        ingest_folder(folder, settings.ingest.name),
        clock=utc_now,
        on_stored=live.publish,
        registry=registry,
        decode=codecs.decode,
    )


def _scheduler(
    store: Store,
    watch: SiteWatch,
    data: Path,
    registry: CollectorRegistry,
    live: LiveHub,
    afterwards: Callable[[], None],
) -> Scheduler:
    settings = watch().settings
    every_s, rules = settings.analytics.every_s, retention_rules(settings.store)

    def then() -> None:
        live.judge(store)
        afterwards()

    return Scheduler(store, watch, every_s, rules, data, registry, then=then)


def _import_watcher(
    site: Site,
    folder: Path,
    watch: SiteWatch,
    store: Store,
    pipeline: Pipeline,
    wake: Callable[[], None],
) -> ImportWatcher:
    """Deals with files; they are written by the store thread, like everything else."""
    hands = Hands(store, pipeline.write, pipeline.letters, lambda device: known_places(watch())(device))
    return watcher(site, folder, import_folder(site, folder), hands, wake)


def _control(
    key: str, pipeline: Pipeline, watch: SiteWatch, imports: ImportWatcher, scheduler: Scheduler | None
) -> Control:
    """What may be changed by those who know ``key``."""
    limit_bytes = watch().settings.imports.file_limit_mb * 1_000_000
    return Control(
        key,
        LettersControl(pipeline, watch),
        ServedImports(imports, limit_bytes),
        lambda topic, payload: pipeline.submit([Message(topic, payload, utc_now())]),
        scheduler,
    )


def _imports(imports: ImportWatcher) -> PartHealth:
    if not imports.alive:
        return PartHealth("imports", False, "its thread has ended; restart the service and report the log")
    return PartHealth("imports", not imports.trouble, imports.trouble or "the import folder is watched")


def _tables(watch: SiteWatch) -> PartHealth:
    trouble = watch.trouble()
    return PartHealth("tables", not trouble, trouble or "in force")
