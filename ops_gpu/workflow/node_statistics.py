"""NodeStatistics: what rows taught one operator, in pieces that merge when somebody asks."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ops_gpu.operators.base.fitted_operator import FittedOperator

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Piece:
    """One frame of statistics.

    Args:
        frame: its rows.
        path: a file that holds it already, if there is one.
        stamp: inode, size and time of that file, by which it is known again.
        digest: SHA-256 (hexadecimal) of that file.
    """

    frame: pl.DataFrame
    path: Path | None = None
    stamp: Stamp | None = None
    digest: str = ""

    @classmethod
    def at(cls, path: Path, frame: pl.DataFrame, digest: str) -> Piece:
        """A piece that a file holds."""
        return cls(frame, path, _stamp(path), digest)

    @classmethod
    def load(cls, path: Path, digest: str) -> Piece:
        """Reads what `write` wrote; ValueError where the file was changed since."""
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{path} was changed after it was saved; make the statistics anew.")
        return cls.at(path, pl.read_parquet(content), digest)

    def write(self, path: Path) -> str:
        """Writes the piece, as a link where its file is still what it was: files never change, a new day's are new.

        Returns:
            The file's digest.
        """
        if self.path is None or not self.path.exists() or _stamp(self.path) != self.stamp:
            _ordered(self.frame).write_parquet(path)
            return hashlib.sha256(path.read_bytes()).hexdigest()
        try:
            os.link(self.path, path)
        except OSError:  # another disk, or one without links
            shutil.copyfile(self.path, path)
        return self.digest


class NodeStatistics(Mapping[str, pl.DataFrame]):
    """Statistics by unit (column or group). A new day adds a piece, and what is large is left as it lies.

    Pieces are kept in falling size, each more than twice the next one, so that there are few of them, and each row
    is merged a few times only, however many days come.

    Args:
        operator: the operator, which knows how to merge.
        pieces: at least one a unit.
    """

    def __init__(self, operator: FittedOperator, pieces: Mapping[str, Sequence[Piece]]) -> None:
        self.operator = operator
        self._pieces = {unit: tuple(found) for unit, found in pieces.items()}

    @classmethod
    def of(cls, operator: FittedOperator, tables: Mapping[str, pl.DataFrame]) -> NodeStatistics:
        """Of one frame a unit."""
        return cls(operator, {unit: [Piece(table)] for unit, table in tables.items()})

    def pieces(self, unit: str) -> tuple[Piece, ...]:
        """The pieces of a unit, largest first."""
        return self._pieces[unit]

    def __getitem__(self, unit: str) -> pl.DataFrame:
        pieces = self._pieces[unit]
        if len(pieces) > 1:
            self._pieces[unit] = pieces = (self._merged(unit, pieces),)
        return pieces[0].frame

    def __contains__(self, unit: object) -> bool:
        return unit in self._pieces  # without merging it, as a Mapping would to find out

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def extended(self, other: NodeStatistics) -> NodeStatistics:
        """These and those of other rows.

        Raises:
            ValueError: when the key columns of a unit are of types that do not mix.
        """
        units = dict.fromkeys([*self._pieces, *other._pieces])
        return NodeStatistics(self.operator, {unit: self._joined(unit, other) for unit in units})

    def _joined(self, unit: str, other: NodeStatistics) -> tuple[Piece, ...]:
        pieces = [*self._pieces.get(unit, ()), *other._pieces.get(unit, ())]
        if len({tuple(piece.frame.schema.items()) for piece in pieces}) > 1:
            return (self._merged(unit, pieces),)  # of other types: merging makes them one, or says why not
        while len(pieces) > 1 and 2 * pieces[-1].frame.height >= pieces[-2].frame.height:
            pieces[-2:] = [self._merged(unit, pieces[-2:])]
        return tuple(pieces)

    def _merged(self, unit: str, pieces: Sequence[Piece]) -> Piece:
        return Piece(self.operator.merge(unit, [piece.frame for piece in pieces]))

    def stored(self, unit: str, files: Sequence[tuple[Path, str]]) -> None:
        """Says which files, and with what digests, hold the pieces of a unit from now on."""
        pieces = zip(files, self._pieces[unit], strict=True)
        self._pieces[unit] = tuple(Piece.at(path, piece.frame, digest) for (path, digest), piece in pieces)


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _ordered(table: pl.DataFrame) -> pl.DataFrame:
    """Rows by key, so that equal statistics are equal files."""
    keys = [name for name in table.columns if name in ("value", "fold") or name.startswith("key")]
    return table.sort(keys, nulls_last=False) if keys else table
