"""Dataset: rows in memory or in Parquet files, as one lazy frame or file by file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

Source = pl.DataFrame | pl.LazyFrame | str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


class Dataset:
    """Rows that may be larger than memory.

    Args:
        source: a frame; or Parquet files: a path, a folder (all its `*.parquet`), a pattern with `*`, or a
            list of those.

    Raises:
        FileNotFoundError: when no file matches.

    Example:
        >>> Workflow(node).fit(Dataset("interactions/*.parquet"))
    """

    def __init__(self, source: Source) -> None:
        self._frame = source.lazy() if isinstance(source, (pl.DataFrame, pl.LazyFrame)) else None
        self.files: list[Path] = []
        if not isinstance(source, (pl.DataFrame, pl.LazyFrame)):
            paths = [source] if isinstance(source, (str, os.PathLike)) else list(source)
            self.files = [file for path in paths for file in _files(Path(path))]
            if not self.files:
                raise FileNotFoundError(
                    "a dataset was given no files; name a Parquet file, folder or pattern."
                )

    def lazy(self) -> pl.LazyFrame:
        """All rows; nothing is read yet."""
        if self._frame is not None:
            return self._frame
        return pl.scan_parquet(self.files, glob=False)

    def parts(self) -> list[Dataset]:
        """One dataset a file; rows in memory are one part."""
        return [Dataset(file) for file in self.files] or [self]

    def schema(self) -> pl.Schema:
        """Types of the columns; ValueError where a file is no Parquet, or the files' columns differ."""
        try:
            schemas = [part.lazy().collect_schema() for part in self.parts()]
        except (pl.exceptions.PolarsError, OSError) as error:
            raise ValueError(
                f"a file of {self} cannot be read as Parquet ({error}); write it anew."
            ) from error
        for file, schema in zip(self.files, schemas, strict=False):
            if schema != schemas[0]:
                differ = sorted(set(schema.items()) ^ set(schemas[0].items()), key=str)
                raise ValueError(
                    f"{file} has other columns than {self.files[0]} ({differ}); write both with one schema."
                )
        return schemas[0]

    def __repr__(self) -> str:
        if self._frame is not None:
            return "Dataset(frame)"
        return f"Dataset({len(self.files)} files from {self.files[0]})"


def _files(path: Path) -> list[Path]:
    found = sorted(path.glob("*.parquet")) if path.is_dir() else [path] if path.exists() else []
    found = found or sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    if not found:
        raise FileNotFoundError(f"{path} matches no Parquet file; check the path.")
    return found
