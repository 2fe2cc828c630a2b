"""ComputeResource: which engine the assets run on, and where Faiss does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import dagster as dg
from pydantic import Field

from ops_gpu.engines.dask import DaskEngine
from ops_gpu.engines.engine import Engine
from ops_gpu.engines.gpu import GpuEngine
from ops_gpu.engines.local import LocalEngine

EngineName = Literal["in_process", "local_cluster", "scheduler", "local_cuda_cluster", "gpu"]


class ComputeResource(dg.ConfigurableResource[Engine]):
    """Compute, configured in one place: no asset names an engine.

    Example:
        >>> with ComputeResource().connect() as engine:  # engine="local_cluster", workers=2
        ...     fitted = workflow.fit(frame, engine)
    """

    engine: EngineName = Field(
        default="in_process",
        description="Where plans run: in_process (Polars streaming), local_cluster (Dask processes on this "
        "machine), scheduler (a Dask cluster by address), local_cuda_cluster (a Dask process for each GPU of "
        "this machine), gpu (cudf-polars in this process).",
    )
    scheduler_address: str = Field(default="", description="Address of a Dask scheduler, as tcp://host:8786.")
    workers: int = Field(default=2, ge=1, le=1024, description="Processes of a cluster that is started here.")
    faiss_device: Literal["cpu", "gpu"] = Field(default="cpu", description="Where Faiss trains and searches indexes.")

    @contextmanager
    def connect(self) -> Iterator[Engine]:
        """The engine, closed after use.

        Raises:
            RuntimeError: when the engine needs a GPU, and there is none.
            ValueError: when `scheduler` has no address.
            ConnectionError: when no scheduler answers there.
        """
        with self._start() as engine:
            yield engine

    def _start(self) -> Engine:
        if self.engine == "local_cluster":
            return DaskEngine.local(self.workers)
        if self.engine == "local_cuda_cluster":
            return DaskEngine.local_cuda(self.workers)
        if self.engine == "gpu":
            return GpuEngine()
        if self.engine == "scheduler":
            if not self.scheduler_address:
                raise ValueError("engine scheduler has no scheduler_address; give one such as tcp://host:8786.")
            return DaskEngine.at(self.scheduler_address)
        return LocalEngine()

    def faiss_on_gpu(self) -> bool:
        """Whether Faiss uses a GPU; RuntimeError where it should and cannot."""
        if self.faiss_device == "cpu":
            return False
        import faiss

        if not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() == 0:
            raise RuntimeError(
                "faiss_device gpu needs an NVIDIA GPU and the package faiss-gpu; install the extra 'gpu', or "
                "choose cpu."
            )
        return True
