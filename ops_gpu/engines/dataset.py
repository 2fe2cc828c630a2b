"""Dataset: rows in memory or in Parquet files, as one lazy frame or part by part."""

from __future__ import annotations

import copy
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl
import polars.selectors as cs
from rich.progress import track

from ops_gpu.engines.engine import Engine
from ops_gpu.engines.local import LocalEngine
from ops_gpu.primitives.atomic_directory import atomic_directory

Together: TypeAlias = "bool | Callable[[Dataset, int], AbstractContextManager[Dataset]]"
Source = pl.DataFrame | pl.LazyFrame | str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

# Rows that are worked on at once, and that one written file holds at most.
PART_ROWS = 500_000


class Dataset:
    """Rows that may be larger than memory.

    Args:
        source: a frame; or Parquet files: a path, a folder (all its `*.parquet`), a pattern with `*`, or a
            list of those.

    Raises:
        FileNotFoundError: when no file matches.

    Example:
        >>> workflow = Workflow(node).fit(Dataset("interactions/*.parquet"))
        >>> workflow.transform(Dataset("interactions/*.parquet")).to_parquet("features")
    """

    def __init__(self, source: Source) -> None:
        self._frame = source.lazy() if isinstance(source, (pl.DataFrame, pl.LazyFrame)) else None
        self._height = source.height if isinstance(source, pl.DataFrame) else None
        self._rows: tuple[int, int] | None = None
        self._groups: list[list[Path]] | None = None
        self._columns: list[str] | None = None
        self._after: tuple[Callable[[Any], Any], ...] = ()
        self._together: Together = False
        self.files: list[Path] = []
        if not isinstance(source, (pl.DataFrame, pl.LazyFrame)):
            paths = [source] if isinstance(source, (str, os.PathLike)) else list(source)
            self.files = [file for path in paths for file in _files(Path(path))]
            if not self.files:
                raise FileNotFoundError("a dataset was given no files; name a Parquet file, folder or pattern.")

    @classmethod
    def of_groups(cls, groups: Sequence[Sequence[Path]]) -> Dataset:
        """Files in groups that must be worked on together; a group is one part, whatever its size."""
        result = cls([file for group in groups for file in group])
        result._groups = [list(group) for group in groups]
        return result

    def then(
        self,
        transform: Callable[[Any], Any],
        columns: Sequence[str] | None = None,
        together: Together = False,
    ) -> Dataset:
        """The same rows after a function of frames, lazy or not.

        Args:
            transform: the function.
            columns: all that it reads, so that nothing else is; all columns by default.
            together: which rows it must see at once: False for any part of them by itself, True for all, or what
                brings together those that belong together (`repartition.by_key`).
        """
        result = copy.copy(self)
        result._together = self._at_once(together)
        if columns is not None and not self._after:
            result._columns = list(columns)
        result._after = (*self._after, transform)
        return result

    def _at_once(self, together: Together) -> Together:
        """Which rows a function must see at once that comes after those that are here already."""
        if self._together is not False:
            return True
        return True if callable(together) and self._after else together  # keys are those of the rows as they are read

    def lazy(self) -> pl.LazyFrame:
        """All rows; nothing is read yet."""
        result: pl.LazyFrame = _applied(self._after, self._read())
        return result

    def collect(self, engine: Engine | None = None) -> pl.DataFrame:
        """All rows, in memory; ValueError where a file cannot be read."""
        with self.readable():
            return (engine or LocalEngine()).run(self._read(), partial(_applied, self._after))

    def _read(self) -> pl.LazyFrame:
        frame = pl.scan_parquet(self.files, glob=False) if self._frame is None else self._frame
        if self._columns is not None:
            # A column that is not there is for the function to tell.
            frame = frame.select(cs.by_name(self._columns, require_all=False))
        return frame if self._rows is None else frame.slice(*self._rows)

    @contextmanager
    def brought_together(self, together: Together, rows: int = PART_ROWS) -> Iterator[Dataset]:
        """These rows, split so that each part may be worked on by itself.

        Args:
            together: which rows must be seen at once, as `then` takes it.
            rows: about how many rows of a part.
        """
        wanted = self._at_once(together)
        if callable(wanted):
            with wanted(self, rows) as parted:
                yield parted
        else:
            result = copy.copy(self)
            result._groups = [self.files] if wanted else self._groups
            yield result

    def chunks(self, number: int) -> list[Dataset]:
        """At most so many datasets of about as many files each; rows in memory are one."""
        groups = self._groups or [[file] for file in self.files]
        size = max(-(-len(groups) // number), 1)
        parts = [groups[start : start + size] for start in range(0, len(groups), size)]
        return [self._of_files([file for group in part for file in group]) for part in parts] or [self]

    def _of_files(self, files: list[Path]) -> Dataset:
        part = copy.copy(self)
        part.files, part._groups = files, None
        return part

    def parts(self, rows: int | None = None) -> list[Dataset]:
        """One dataset a file, or several of at most so many rows each; a frame is one part (see `to_parquet`)."""
        if self._groups is not None:
            return [self._of_files(group) for group in self._groups]
        return [part for file in self.files for part in self._of_file(file, rows)] or [self]

    def _of_file(self, file: Path, rows: int | None) -> Iterable[Dataset]:
        length = 0 if rows is None else _length(file)
        for start in range(0, max(length, 1), rows or 1):
            part = copy.copy(self)
            part.files = [file]
            part._rows = None if rows is None or length <= rows else (start, rows)
            yield part

    @property
    def is_grouped(self) -> bool:
        """Whether its files lie in groups that must be worked on together."""
        return self._groups is not None

    def schema(self) -> pl.Schema:
        """Types of the columns; ValueError where a file is no Parquet, or the files' columns differ."""
        schemas = [self._schema_of(part) for part in self.parts()]
        for file, schema in zip(self.files, schemas, strict=False):
            if dict(schema) != dict(schemas[0]):
                differ = sorted(set(schema.items()) ^ set(schemas[0].items()), key=str)
                raise ValueError(
                    f"{file} has other columns than {self.files[0]} ({differ}); write both with one schema."
                )
        nothing: pl.LazyFrame = _applied(self._after, pl.LazyFrame(schema=schemas[0]))
        return nothing.collect_schema()

    def _schema_of(self, part: Dataset) -> pl.Schema:
        with part.readable():
            return part._read().collect_schema()

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Turns what Polars says of a file that is no Parquet, or damaged, into a ValueError that names it."""
        try:
            yield
        except (pl.exceptions.ComputeError, OSError) as error:
            if not self.files:
                raise
            files = ", ".join(map(str, self.files[:3])) + (" or another file" if len(self.files) > 3 else "")
            raise ValueError(f"{files} cannot be read as Parquet ({error}); write it anew.") from error

    def to_parquet(
        self,
        folder: str | os.PathLike[str],
        engine: Engine | None = None,
        rows: int = PART_ROWS,
        compression: str = "zstd",
    ) -> Dataset:
        """Writes the rows part by part: aside first, then renamed.

        Args:
            folder: gets `part_00000.parquet` and so on, in the order of the rows (but for rows that are brought
                together by key: then key by key, and the rows of a key in their order); an older one is replaced. A
                frame of more rows than a file may hold, and a lazy one, is put into a file beside it first.
            engine: where to work; this process by default. Workers of a cluster must see the folder.
            rows: the most rows that are worked on at once, and so those of one file (where rows must be seen together,
                as those of a key, it may get more).
            compression: of Parquet: `zstd`, `snappy`, `lz4`, `gzip` or `uncompressed`.

        Returns:
            The dataset of what was written.

        Raises:
            ValueError: when a file cannot be read, the files' columns differ, or `rows` is below 1; nothing is
                written then.
            FileExistsError: when there is something else of that name.
        """
        if rows < 1:
            raise ValueError(f"a file of {rows} rows was asked for; give 1 or more.")
        self.schema()
        chosen, raw = engine or LocalEngine(), copy.copy(self)
        raw._after, raw._together = (), False
        with (
            atomic_directory(folder, ["part_*.parquet"]) as aside,
            raw._in_files(rows, aside.parent) as files,
            files.brought_together(self._together, rows) as whole,
        ):
            # The functions go to each worker once, not with every part.
            work = partial(_write, after=self._after, folder=aside, engine=chosen.inner, compression=compression)
            parts = list(enumerate(whole.parts(rows)))
            chosen.map(work, track(parts, "Writing", disable=not sys.stderr.isatty(), transient=True))
        return Dataset(sorted(Path(folder).glob("part_*.parquet")))

    @contextmanager
    def _in_files(self, rows: int, beside: Path) -> Iterator[Dataset]:
        """These rows, in a file where they are a frame that is to be read in parts: its plan must be run only once."""
        if self._frame is None or (self._height is not None and self._height <= rows):
            yield self
            return
        with tempfile.TemporaryDirectory(prefix=".rows-", dir=beside) as folder:
            self._read().sink_parquet(Path(folder, "rows.parquet"), compression="lz4")
            yield Dataset(folder)

    def __repr__(self) -> str:
        if self._frame is not None:
            return "Dataset(frame)"
        return f"Dataset({len(self.files)} files from {self.files[0]})"


def _applied(functions: Sequence[Callable[[Any], Any]], frame: Any) -> Any:
    for function in functions:
        frame = function(frame)
    return frame


def _write(
    numbered: tuple[int, Dataset],
    after: Sequence[Callable[[Any], Any]],
    folder: Path,
    engine: Engine,
    compression: Any,
) -> None:
    number, part = numbered
    with part.readable():
        frame = engine.run(part.lazy(), partial(_applied, after))
    frame.write_parquet(folder / f"part_{number:05d}.parquet", compression=compression)


def _length(file: Path) -> int:
    return int(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item())


def _files(path: Path) -> list[Path]:
    found = sorted(path.glob("*.parquet")) if path.is_dir() else [path] if path.exists() else []
    found = found or sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    if not found:
        raise FileNotFoundError(f"{path} matches no Parquet file; check the path.")
    return found
