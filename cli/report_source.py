"""Where the report commands get reports: from the running service, which owns the store, or by themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from classroom.faults import ConfigurationError
from classroom.site import Site
from cli.children import ChildCompute
from cli.clock import utc_now
from cli.deliveries import open_deliveries
from cli.process import collect_seldom, keep_heap_small
from cli.site import control_headers, data_folder, service_url
from cli.stores import open_store
from cli.versions import versions
from reports.closing import CloseError
from reports.deliveries import Deliveries, Standing, TaskError
from reports.explain import Node
from reports.figures import SITE, FigureIdError
from reports.make import File, Shape
from reports.manifest import ManifestError, find_manifest
from reports.period import Period, PeriodError
from reports.service import Reports
from store.base import SchemaError, Store, StoreError

_LONGEST_S = 600.0
STORE_MB = 64
"""Of the embedded store's file kept in memory [MB]: reports read every school once."""

_FEW = 3  # reports are made sooner than a child has begun

Files = list[tuple[str, bytes]]


class SourceError(Exception):
    """What was asked cannot be had; the message says why and what to do."""


class Source:
    """Reports made here: nothing runs that owns the store. A context manager."""

    def __init__(self, site: Site, folder: Path, store: Store, at_once: int) -> None:
        self._site = site
        self._folder = folder
        self._store = store
        collect_seldom()
        keep_heap_small()
        self._pool = ChildCompute(at_once, here=_FEW)
        self._reports = Reports(
            *(store, lambda: site, utc_now, self._pool.submit, versions()),
            at_once=at_once + 1,  # one is read while the others are drawn
            loads=1 if site.settings.store.kind == "duckdb" else at_once,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        self._store.close()

    def schools(self, keys: Sequence[str], period: Period, shape: Shape) -> Iterator[tuple[str, Files, str]]:
        """Files of each school, or why there are none."""
        for made in self._reports.schools(keys, period, shape):
            yield made.school, _plain(made.files), made.failure

    def city(
        self, period: Period, shape: Shape, on_school: Callable[[str], None]
    ) -> tuple[Files, dict[str, str]]:
        """Files of all schools together, and the schools that failed."""
        try:
            files, made = self._reports.city(list(self._site.school_by_key), period, shape, on_school)
        except StoreError as error:
            raise SourceError(str(error)) from error
        return _plain(files), dict(made.failed)

    def explain(self, figure: str) -> dict[str, Any]:
        """The walk from a figure, as the API gives it."""
        try:
            return _node(self._reports.explain(figure))
        except (FigureIdError, PeriodError, StoreError) as error:
            raise SourceError(str(error)) from error

    def verify(self, content: bytes) -> dict[str, Any]:
        """A verification, as the API gives it."""
        try:
            manifest = find_manifest(content)
            found = self._reports.verify(manifest)
        except KeyError as error:
            raise SourceError(f"this site has no school {error}") from error
        except (ManifestError, PeriodError, StoreError) as error:
            raise SourceError(str(error)) from error
        return {
            "school": manifest.school,
            "period": manifest.period,
            "made": manifest.made.isoformat(),
            "same": found.same,
            "differences": [one._asdict() for one in found.differences],
        }

    def close(self, school: str, year: int) -> int:
        """Close a year of a school; how many rows its accounts have."""
        try:
            return len(self._reports.close(school, year).accounts)
        except (CloseError, StoreError) as error:
            raise SourceError(str(error)) from error

    def accounts(self, school: str, year: int) -> dict[str, Any]:
        """A year's accounts of a school, as the API gives them."""
        try:
            found = self._reports.accounts(school, year)
        except StoreError as error:
            raise SourceError(str(error)) from error
        closed = found.closed_at.isoformat() if found.closed_at is not None else None
        return {**found._asdict(), "closed_at": closed}

    def deliveries(self) -> list[dict[str, Any]]:
        """How scheduled reports stand, as the API gives it."""
        try:
            return [_standing(one) for one in self._deliveries().standing()]
        except StoreError as error:
            raise SourceError(str(error)) from error

    def deliver(self, schedule: str, school: str, period: str, again: bool) -> dict[str, Any]:
        """Deliver a scheduled report; how it stands then."""
        try:
            return _standing(self._deliveries().deliver(schedule, school, period, again=again))
        except (TaskError, PeriodError, StoreError) as error:
            raise SourceError(str(error)) from error

    def _deliveries(self) -> Deliveries:
        try:
            return open_deliveries(lambda: self._site, self._folder, self._store, self._reports)
        except ConfigurationError as error:
            raise SourceError(str(error)) from error


class Served:
    """Reports of the running service, over its API. A context manager."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def schools(self, keys: Sequence[str], period: Period, shape: Shape) -> Iterator[tuple[str, Files, str]]:
        """Files of each school, or why there are none; two are asked for at a time."""

        def one(key: str) -> tuple[str, Files, str]:
            try:
                return key, self._files(_route(key), period, shape), ""
            except SourceError as error:
                return key, [], str(error)

        with ThreadPoolExecutor(2) as threads:
            yield from threads.map(one, keys)

    def city(
        self, period: Period, shape: Shape, on_school: Callable[[str], None]
    ) -> tuple[Files, dict[str, str]]:
        """Files of all schools together; those that failed stand in the report."""
        del on_school
        return self._files(_route(SITE), period, shape), {}

    def explain(self, figure: str) -> dict[str, Any]:
        """The walk from a figure."""
        path = _route(figure.partition(":")[0].partition("/")[0])
        found: dict[str, Any] = self._asked("GET", f"{path}/explain", params={"figure": figure}).json()
        return found

    def verify(self, content: bytes) -> dict[str, Any]:
        """A verification."""
        try:
            school = find_manifest(content).school
        except ManifestError as error:
            raise SourceError(str(error)) from error
        found: dict[str, Any] = self._asked("POST", f"{_route(school)}/verify", content=content).json()
        return found

    def close(self, school: str, year: int) -> int:
        """Close a year of a school; how many rows its accounts have."""
        answer = self._asked("POST", f"/api/v1/schools/{school}/accounts/{year}/close")
        return int(answer.json()["rows"])

    def accounts(self, school: str, year: int) -> dict[str, Any]:
        """A year's accounts of a school."""
        found: dict[str, Any] = self._asked("GET", f"/api/v1/schools/{school}/accounts/{year}").json()
        return found

    def deliveries(self) -> list[dict[str, Any]]:
        """How scheduled reports stand."""
        found: list[dict[str, Any]] = self._asked("GET", "/api/v1/deliveries").json()
        return found

    def deliver(self, schedule: str, school: str, period: str, again: bool) -> dict[str, Any]:
        """Deliver a scheduled report; how it stands then."""
        order = {"schedule": schedule, "school": school, "period": period, "again": again}
        found: dict[str, Any] = self._asked("POST", "/api/v1/deliveries", json=order).json()
        return found

    def _files(self, path: str, period: Period, shape: Shape) -> Files:
        found = []
        beside = ("csvm",) if "csv" in shape.formats else ()
        for kind in (*shape.formats, *beside):
            params = {
                "period": period.key,
                "format": kind,
                "lang": shape.lang,
                "delimiter": shape.delimiter,
                "decimal": shape.decimal,
            }
            answer = self._asked("GET", path, params=params)
            name = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
            found.append((Path(name).name, answer.content))
        return found

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise SourceError(
                f"the running service gave no answer: {error or type(error).__name__}"
            ) from error
        if answer.status_code != httpx.codes.OK:
            try:
                detail = answer.json().get("detail", "")
            except ValueError:
                detail = ""
            raise SourceError(f"the running service answers {answer.status_code}: {detail}")
        return answer


def source_of(site: Site, folder: Path) -> Source | Served:
    """The running service of the site if there is one, else the store itself.

    Raises:
        SourceError: the store cannot be opened.
    """
    base = service_url(site, folder)
    client = httpx.Client(
        base_url=base,
        timeout=httpx.Timeout(5, read=_LONGEST_S),
        headers=control_headers(folder, site.settings.ingest.name),
    )
    try:
        if client.get("/readyz").json().get("site") == site.settings.site.key:
            return Served(client)
    except (httpx.TransportError, ValueError):
        pass  # nothing runs, or something else answers there
    client.close()
    try:
        data_folder(folder).mkdir(parents=True, exist_ok=True)
        store = open_store(site.settings.store, folder, memory_mb=STORE_MB)
    except (ConfigurationError, SchemaError, StoreError, OSError) as error:
        raise SourceError(str(error)) from error
    return Source(site, folder, store, max(1, min(4, os.cpu_count() or 1)))


def _route(school: str) -> str:
    """The API's address of a school's report, or of the one of all."""
    return "/api/v1/portfolio/report" if school == SITE else f"/api/v1/schools/{school}/report"


def _plain(files: Sequence[File]) -> Files:
    return [(file.name, file.content) for file in files]


def _standing(one: Standing) -> dict[str, Any]:
    times = {
        name: time.isoformat() if time else None
        for name, time in (("at", one.at), ("again_at", one.again_at))
    }
    return {**one._asdict(), **times, "state": str(one.state)}


def _node(node: Node) -> dict[str, Any]:
    return {"label": node.label, "value": node.value, "parts": [_node(part) for part in node.parts]}
