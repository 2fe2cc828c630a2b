"""Loader: Parquet files to training batches, shuffled over files and rows, in memory that is bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from ops_gpu.models.training.row_groups import RowGroup, Values, between, joined, take, to_values

Batch = dict[str, Values]
Transform = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Piece:
    """Some of the wanted rows of a row group.

    Args:
        group: the row group.
        start: the first of them, counted among those that are wanted.
        stop: the one after the last.
    """

    group: RowGroup
    start: int
    stop: int


@dataclass
class Loader:
    """Batches of the rows of files, one epoch at a time.

    An epoch reads the row groups in an order drawn for it, some at a time into a buffer, and shuffles their rows there:
    what stands side by side in a batch comes from as many places of the files as the buffer has room for. With room for
    all rows that is a full shuffle. The order depends on seed, epoch and rank alone, not on threads.

    The rows are spread evenly over the ranks, and over as few batches as `batch_size` allows: every rank makes the same
    number of steps, of batches of one size. What does not divide, less than a row for every step and rank, waits for
    another epoch's order; without one drawn, it never comes.

    Args:
        files: with the same columns.
        columns: that batches have.
        batch_size: the most rows of a batch.
        seed: of the order.
        shuffle: whether to draw one; else rows come as they stand.
        buffer_rows: rows that are shuffled together, at least; beside them as many are being read.
        rank: which part of the rows these batches hold, from 0.
        ranks: into how many parts they go.
        threads: that read ahead.
        transform: applied to the rows of every buffer before they are shuffled; gives as many.
        where: the rows to use; the others are not counted. They are counted once, when the loader is made.
        epoch: the epoch that comes next.
        step: the batch of it that comes next.

    Raises:
        ValueError: when there are no rows, or not one for every rank.

    Example:
        >>> loader = Loader(sorted(Path("days").glob("*.parquet")), ["user_id", "item_id"], batch_size=256)
        >>> [len(batch["user_id"]) for batch in loader]
        [200, 200, 200]
    """

    files: Sequence[Path]
    columns: Sequence[str]
    batch_size: int
    seed: int = 0
    shuffle: bool = True
    buffer_rows: int = 500_000
    rank: int = 0
    ranks: int = 1
    threads: int = 1
    transform: Transform | None = None
    where: pl.Expr | None = None
    epoch: int = 0
    step: int = 0
    _counts: list[tuple[RowGroup, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        groups = RowGroup.of_files(self.files)
        counts = [group.rows if self.where is None else group.count(self.where) for group in groups]
        self._counts = [(group, rows) for group, rows in zip(groups, counts, strict=True) if rows]
        if self.rows < max(1, self.ranks):
            raise ValueError(
                f"there are {self.rows} training rows in {len(self.files)} files, expected one for each of "
                f"{self.ranks} ranks at least: the days chosen for training hold no positive event."
            )

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(rows for _, rows in self._counts)

    def __len__(self) -> int:
        """Batches of an epoch, the same on every rank."""
        return (self.rows // self.ranks + self.batch_size - 1) // self.batch_size

    @property
    def size(self) -> int:
        """Rows of a batch."""
        return (self.rows // self.ranks) // len(self)

    def state(self) -> dict[str, int]:
        """Where it stands; another loader of the same files and settings goes on there (`resume`)."""
        return {"epoch": self.epoch, "step": self.step}

    def resume(self, state: Mapping[str, int]) -> None:
        """Goes on from where another one stood; after the last batch of an epoch, with the next one."""
        self.epoch, self.step = state["epoch"], state["step"]
        if self.step >= len(self):
            self.epoch, self.step = self.epoch + 1, 0

    def __iter__(self) -> Iterator[Batch]:
        """The rest of the epoch, in batches; with the last of them it stands at the beginning of the next one.

        Raises:
            ValueError: when a file is another one than when the loader was made, or `transform` gives other numbers of
                rows.
        """
        size, end, epoch, done = self.size, len(self), self.epoch, self.step
        rest: Batch | None = None
        for rows in self._buffers(done * size, end * size):
            rest = rows if rest is None else joined([rest, rows])
            there, at = _height(rest), 0
            while at + size <= there and done < end:
                done += 1
                self.epoch, self.step = (epoch, done) if done < end else (epoch + 1, 0)
                yield between(rest, at, at + size)
                at += size
            rest = between(rest, at, there)

    def _buffers(self, start: int, stop: int) -> Iterator[Batch]:
        """Rows of this rank from one place in its order to another, by buffers, of which some are read ahead."""
        wanted, at, epoch = [], 0, self.epoch
        for number, pieces in enumerate(self._plan()):
            rows = sum(piece.stop - piece.start for piece in pieces)
            skip = max(0, start - at)
            if skip < rows and at < stop:
                wanted.append((epoch, number, pieces, skip))
            at += rows
        with ThreadPoolExecutor(self.threads) as pool:
            ahead: deque[Future[Batch]] = deque()
            for task in wanted:
                ahead.append(pool.submit(self._read, *task))
                if len(ahead) > self.threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

    def _plan(self) -> list[list[Piece]]:
        """The row groups of this rank in the order of the epoch, put together to buffers."""
        order = np.arange(len(self._counts))
        if self.shuffle:
            np.random.default_rng((self.seed, self.epoch)).shuffle(order)
        each, at = self.rows // self.ranks, 0
        low, high = self.rank * each, (self.rank + 1) * each
        buffers: list[list[Piece]] = [[]]
        room = self.buffer_rows
        for group, rows in (self._counts[number] for number in order):
            start, stop = max(0, low - at), min(rows, high - at)
            at += rows
            if start >= stop:
                continue
            if room <= 0:
                buffers.append([])
                room = self.buffer_rows
            buffers[-1].append(Piece(group, start, stop))
            room -= stop - start
        return buffers

    def _read(self, epoch: int, number: int, pieces: list[Piece], skip: int) -> Batch:
        """The rows of one buffer, shuffled, from a place on."""
        frame = pl.concat([p.group.read(self.columns, self.where)[p.start : p.stop] for p in pieces])
        expected = sum(piece.stop - piece.start for piece in pieces)
        if frame.height != expected:
            raise ValueError(
                f"{frame.height} rows were read of {pieces[0].group.path} and what follows it, expected {expected} as "
                "when training began: a file was written anew meanwhile; train once nobody writes to the files."
            )
        if self.transform is not None:
            frame = self.transform(frame)
            if frame.height != expected:
                raise ValueError(f"`transform` gave {frame.height} rows for {expected}, expected as many.")
        rows = to_values(frame)
        if self.shuffle:
            random = np.random.default_rng((self.seed, epoch, self.rank, number))
            return take(rows, random.permutation(frame.height)[skip:])
        return between(rows, skip, frame.height)


def _height(rows: Batch) -> int:
    return len(next(iter(rows.values())))
