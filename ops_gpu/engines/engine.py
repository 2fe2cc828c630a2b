"""Engines: where plans run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    import polars as pl


T = TypeVar("T")
R = TypeVar("R")


class Engine(ABC):
    """Where a plan runs: this process, its GPU, or a Dask cluster. Nothing else asks which one it is.

    A context manager: leaving it closes what the engine started.

    Example:
        >>> with LocalEngine() as engine:
        ...     engine.collect(pl.LazyFrame({"price": [1, 2]})).height
        2
    """

    @abstractmethod
    def collect(self, frame: pl.LazyFrame) -> pl.DataFrame:
        """Runs one plan where it is called from."""

    def run(self, rows: pl.LazyFrame, transform: Callable[[Any], pl.DataFrame | pl.LazyFrame]) -> pl.DataFrame:
        """Reads a part that fits in memory, and transforms it.

        Args:
            rows: the part.
            transform: takes and gives lazy frames and frames alike.
        """
        import polars as pl

        done = transform(rows)
        return self.collect(done) if isinstance(done, pl.LazyFrame) else done

    @abstractmethod
    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """`function` of every item, results in the items' order; the first error is raised."""

    @abstractmethod
    def map_reduce(
        self, function: Callable[[T], R], groups: Sequence[Sequence[T]], merge: Callable[[Sequence[R]], R]
    ) -> list[R]:
        """The merged results of each group's items (at least one); results stay where they were made until merged."""

    @property
    def workers(self) -> int:
        """How many other processes work for it; none by default."""
        return 0

    @property
    def inner(self) -> Engine:
        """The engine for plans inside a function that `map` runs."""
        return self

    def close(self) -> None:
        """Stops what the engine started; most start nothing."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
