"""DaskEngine: on the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ops_gpu.engines.engine import Engine, R, T
from ops_gpu.engines.gpu import GpuEngine
from ops_gpu.engines.local import LocalEngine
from ops_gpu.engines.serialized_function import SerializedFunction

if TYPE_CHECKING:
    import polars as pl


# Parts merged by one task of a cluster.
FAN_IN = 8


class DaskEngine(Engine):
    """A Dask cluster: workers read files and send back small frames; rows are never moved.

    Single plans run where they are called from; `map` and `map_reduce` run on the workers.

    Args:
        client: a `distributed.Client`.
        gpu: whether plans on the workers run on their GPUs.
        owned: things to close with the engine, last first (clusters that it started).

    Example:
        >>> with DaskEngine.local(workers=2) as engine:  # doctest: +SKIP
        ...     workflow.fit(Dataset("interactions/*.parquet"), engine)
    """

    def __init__(self, client: Any, gpu: bool = False, owned: Sequence[Any] = ()) -> None:
        self._client = client
        self._gpu = gpu
        self._owned = [*owned]

    @classmethod
    def local(cls, workers: int, threads: int | None = None) -> DaskEngine:
        """Starts processes on this machine.

        Args:
            workers: number of processes.
            threads: threads of Polars in each; by default they share the cores.
        """
        import dask
        from distributed import Client, LocalCluster, Security

        threads = threads or max((os.cpu_count() or 1) // workers, 1)
        # Set before the processes start: Polars makes its threads when it is imported, which is at once. Memory that
        # one part has used is kept for the next: giving it back and having it zeroed anew is kernel time, which
        # doubles with a second worker.
        kept = f"dirty_decay_ms:60000,muzzy_decay_ms:60000,narenas:{threads}"
        environ = {"POLARS_MAX_THREADS": threads, "_RJEM_MALLOC_CONF": kept}
        with dask.config.set({f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in environ.items()}):
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                host="127.0.0.1",
                # Whoever reaches a scheduler has it run what they like: keys that are made here and written nowhere
                # keep out other users of the machine, who reach its ports.
                security=Security.temporary(),
            )
        client = Client(cluster)
        return cls(client, owned=[cluster, client])

    @classmethod
    def local_cuda(cls, workers: int | None = None) -> DaskEngine:
        """Starts one process a GPU of this machine; RuntimeError where there is none."""
        try:
            from dask_cuda import LocalCUDACluster

            cluster = LocalCUDACluster(n_workers=workers, threads_per_worker=1)
        except Exception as error:
            raise RuntimeError(
                "the local_cuda_cluster engine needs NVIDIA GPUs and the package dask-cuda "
                f"({type(error).__name__}: {error}); install the extra 'gpu', or choose local_cluster."
            ) from error
        from distributed import Client

        client = Client(cluster)
        return cls(client, gpu=True, owned=[cluster, client])

    @classmethod
    def at(cls, address: str, timeout_seconds: float = 10.0) -> DaskEngine:
        """Connects to a running scheduler (`tcp://host:8786`); ConnectionError where none answers."""
        from distributed import Client

        try:
            client = Client(address, timeout=timeout_seconds)
        except (OSError, ValueError, TypeError, TimeoutError) as error:  # a TypeError where it wants keys
            raise ConnectionError(
                f"no Dask scheduler answers at {address!r} ({error}); start one, or correct the address."
            ) from error
        return cls(client, owned=[client])

    @property
    def inner(self) -> Engine:
        return GpuEngine() if self._gpu else LocalEngine()

    @property
    def workers(self) -> int:
        return max(len(self._client.nthreads()), 1)

    def collect(self, frame: pl.LazyFrame) -> pl.DataFrame:
        return self.inner.collect(frame)

    def run(self, rows: pl.LazyFrame, transform: Callable[[Any], pl.DataFrame | pl.LazyFrame]) -> pl.DataFrame:
        return self.inner.run(rows, transform)

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        results: list[R] = self._client.gather(self._submit(function, items))
        return results

    def map_reduce(
        self, function: Callable[[T], R], groups: Sequence[Sequence[T]], merge: Callable[[Sequence[R]], R]
    ) -> list[R]:
        futures = iter(self._submit(function, [item for items in groups for item in items]))
        merged = [self._reduced(list(islice(futures, len(items))), merge) for items in groups]
        results: list[R] = self._client.gather(merged)
        return results

    def _reduced(self, futures: list[Any], merge: Callable[[Sequence[R]], R]) -> Any:
        """The future of the merged results, as a tree."""
        while len(futures) > 1:
            groups = [futures[start : start + FAN_IN] for start in range(0, len(futures), FAN_IN)]
            futures = [self._client.submit(merge, group, pure=False) for group in groups]
        return futures[0]

    def close(self) -> None:
        while self._owned:
            self._owned.pop().close()

    def _submit(self, function: Callable[[T], R], items: Iterable[T]) -> list[Any]:
        # The function goes to every worker once: it may hold all that a workflow has learnt.
        shared = self._client.scatter([SerializedFunction.of(function)], broadcast=True, hash=False)[0]
        return [self._client.submit(_call, shared, item, pure=False) for item in items]


def _call(packed: SerializedFunction, item: T) -> Any:
    return packed.function(item)
