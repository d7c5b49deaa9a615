"""Computing on the workers of a Dask cluster: ``analyze --dask tcp://…``.

Workers are handed what a part needs and hand back its figures; they see neither store nor site folder. Dask
does again what a worker had that died.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from distributed import Client

A = TypeVar("A")
R = TypeVar("R")

_WAIT_S = 10
_LARGE = "100MB"  # a school's month is some 10 MB; Dask warns of that otherwise


class ClusterError(RuntimeError):
    """The cluster cannot compute; the next run does the same again."""


class DaskCompute:
    """Computing on the Dask cluster whose scheduler listens at ``address`` (``tcp://host:8786``).

    Raises:
        ClusterError: the package ``distributed`` is missing, nobody answers, there is no worker, or a worker
            has other versions, with which figures might differ.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = self._connected()

    @property
    def workers(self) -> int:
        """How many parts are computed at once: the threads of all workers there are now.

        Raises:
            ClusterError: the scheduler is gone, and nobody answers in its place.
        """
        if self._client.status != "running":
            self._client = self._connected()
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(self, function: Callable[[A], R], argument: A, /) -> Future[R]:
        """``function(argument)`` computed by a worker."""
        outcome: Future[R] = Future()

        def settle(done: Future[R]) -> None:
            if done.cancelled():
                outcome.set_exception(ClusterError(f"the Dask cluster at {self._address} gave up a part"))
            elif (error := done.exception()) is None:
                outcome.set_result(done.result())
            else:
                outcome.set_exception(self._told(error))

        executor = self._client.get_executor(pure=False)  # the same argument may be computed twice
        executor.submit(function, argument).add_done_callback(settle)
        return outcome

    def close(self) -> None:
        """Leave the cluster; it goes on without us."""
        self._client.close()

    def _told(self, error: BaseException) -> BaseException:
        """What went wrong with the cluster, as our own error; what the function itself raised as it is."""
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        if isinstance(error, KilledWorker):
            return ClusterError(
                f"a part killed every worker that tried it ({error}): give workers more memory, "
                "or fewer threads each"
            )
        if isinstance(error, (CommClosedError, CancelledError, asyncio.CancelledError)):
            return ClusterError(f"the Dask scheduler at {self._address} went away: {error}")
        return error

    def _connected(self) -> Client:
        """A client of the scheduler, whose workers have been looked at."""
        try:
            import dask
            from distributed import Client
        except ImportError as error:
            raise ClusterError(
                f"--dask needs a package that is not installed ({error.name}): "
                "pip install 'classroom-climate[dask]', here and on the workers"
            ) from error
        dask.config.set({"distributed.admin.large-graph-warning-threshold": _LARGE})
        client: Client | None = None
        try:
            client = Client(self._address, timeout=_WAIT_S, set_as_default=False)
            client.wait_for_workers(1, timeout=_WAIT_S)
            self._check(client.run(computing_with))
        except (OSError, ValueError, TypeError, ImportError, ClusterError) as error:
            if client is None:
                cure = f"no Dask scheduler answers at {self._address}; start one with `dask scheduler`"
                raise ClusterError(f"{cure} ({error})") from error
            client.close()
            if isinstance(error, ClusterError):
                raise
            if isinstance(error, TimeoutError):
                cure = f"start one with `dask worker {self._address}`"
                raise ClusterError(f"the Dask scheduler at {self._address} has no worker; {cure}") from error
            cure = "install the same version there"
            raise ClusterError(
                f"a worker of {self._address} lacks classroom-climate: {error}; {cure}"
            ) from error
        return client

    def _check(self, found: dict[str, dict[str, str]]) -> None:
        """Refuse workers that compute with something else than we do."""
        own = computing_with()
        for worker, told in found.items():
            other = [
                f"{name} {told.get(name)} instead of {mine}"
                for name, mine in own.items()
                if told.get(name) != mine
            ]
            if other:
                raise ClusterError(
                    f"worker {worker} has {', '.join(other)}: figures might differ; "
                    "install the same versions there"
                )


def computing_with() -> dict[str, str]:
    """Versions on which figures may depend."""
    from analytics.catalog import CATALOG
    from analytics.fingerprint import fingerprint
    from analytics.insights.find import METHOD
    from cli.versions import versions

    methods = fingerprint(METHOD, sorted({entry.method for entry in CATALOG.values()}))
    libraries = {name: version(name) for name in ("numpy", "pandas", "pyarrow", "scipy")}
    return {"classroom-climate": versions()["classroom-climate"], "methods": methods, **libraries}
