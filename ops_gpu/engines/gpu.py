"""GpuEngine: on the GPU of this machine, by cuDF."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ops_gpu.engines.engine import Engine
from ops_gpu.engines.local import LocalEngine

if TYPE_CHECKING:
    import polars as pl


class GpuEngine(LocalEngine):
    """This process, with cudf-polars on its GPU; a plan that the GPU cannot run is an error, not a fallback.

    Raises:
        RuntimeError: when there is no GPU, or cudf-polars is not installed.

    Example:
        >>> with GpuEngine() as engine:  # doctest: +SKIP
        ...     workflow.fit(Dataset("interactions/*.parquet"), engine)
    """

    def __init__(self) -> None:
        import polars as pl

        try:
            # Importing cudf-polars works without a GPU, so a plan is tried.
            self.collect(pl.LazyFrame({"number": [1]}).select(pl.col("number") + 1))
        except Exception as error:
            raise RuntimeError(
                "the gpu engine needs an NVIDIA GPU and the package cudf-polars "
                f"({str(error).splitlines()[0]}); install the extra 'gpu', or choose in_process."
            ) from error

    def collect(self, frame: pl.LazyFrame) -> pl.DataFrame:
        import polars as pl

        return frame.collect(engine=pl.GPUEngine(raise_on_fail=True))

    def run(self, rows: pl.LazyFrame, transform: Callable[[Any], pl.DataFrame | pl.LazyFrame]) -> pl.DataFrame:
        return Engine.run(self, rows, transform)
