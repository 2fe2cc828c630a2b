"""VersionFiles: the versions of rows on disk, of which a write adds those that are new and leaves the others alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from feature_repo.offline.columns import CREATED, EVENT_TIME, PRESENT
from feature_repo.offline.id_range import IdRange, id_ranges
from feature_repo.offline.versions import latest, remembered
from ops_gpu.primitives.atomic_file import atomic_file

MOST_FILES = 32
"""Of so many files one is made."""
AT_ONCE = 64 << 20
"""Bytes of versions that are held when it is."""
GROUP_ROWS = 4_096
"""Rows that are read at once at least."""
KEPT_SECONDS = 3600
"""How long files stay that another one has taken the place of: somebody may have listed them, and open them yet."""
_NAME = re.compile(r"(\d{8})-(\d{8})\.parquet")
_OLDEST = pl.CompatLevel.oldest()


class VersionFiles:
    """A folder of Parquet files of the same columns, named by the writes `first-last` that are in them.

    A file is there as a whole or not at all. One that was made of others takes their place from the moment that it is
    there: who lists the files leaves out those whose writes another one holds.

    Args:
        folder: of the files.
        key: column of the ids.
        earlier: the one file in which versions of this package before kept all; as long as it is there it is all there
            is, for such a version has written last.
    """

    def __init__(self, folder: Path, key: str, earlier: Path | None = None) -> None:
        self.folder = folder
        self._key = key
        self._earlier = earlier

    @property
    def paths(self) -> list[Path]:
        """The files, by rising time of their writes."""
        if self._earlier is not None and self._earlier.is_file():
            return [self._earlier]
        return [path for _, path in self._spans()]

    def schema(self) -> pl.Schema:
        """Columns of the versions; none where there is none."""
        paths = self.paths
        return pl.Schema(pl.read_parquet_schema(paths[-1]) if paths else {})

    def rows(self) -> int:
        """How many versions there are."""
        return sum(pq.read_metadata(path).num_rows for path in self.paths)

    def scan(self) -> pl.LazyFrame:
        """All versions.

        Raises:
            LookupError: when nothing was ever written.
        """
        return pl.scan_parquet(self._some_paths(), glob=False)

    def newest(self, ids: pl.Series | None = None) -> pl.DataFrame:
        """The times of the newest version of every row, or of some, and whether it is there: id, times and `present`.

        Raises:
            LookupError: when nothing was ever written.
        """
        versions = self.scan().select(self._key, EVENT_TIME, CREATED, PRESENT)
        mine = versions if ids is None else versions.filter(pl.col(self._key).is_in(ids.implode()))
        return latest(mine.collect(), self._key)

    def sample(self, rows: int, blocks: int) -> pl.DataFrame:
        """Newest versions of at most so many rows, by rising id; of the files no more is read than these and their ids.

        Args:
            rows: how many.
            blocks: so many row groups are read, from the first to the last that was written.

        Raises:
            LookupError: when nothing was ever written.
        """
        groups = [(path, n) for path in self._some_paths() for n in range(pq.read_metadata(path).num_row_groups)]
        rows, blocks = max(rows, 1), min(blocks, len(groups))
        places = [groups[n * (len(groups) - 1) // max(blocks - 1, 1)] for n in range(blocks)]
        read = [_rows_of(path, number) for path, number in places]
        ids = pl.concat([self.schema().to_frame()[self._key], *(part[self._key] for part in read)])
        newest, found = self.newest(ids), [self.schema().to_frame()]
        for part in read:
            current = part.join(newest, on=[self._key, EVENT_TIME, CREATED], how="semi").sort(self._key)
            found.append(current.gather_every(max(1, current.height * blocks // rows)).head(-(-rows // blocks)))
        return pl.concat(found).unique(self._key).sort(self._key).head(rows)

    def ranges(self, at_once: int) -> list[IdRange]:
        """Ranges that hold every id once, with versions of about so many bytes in memory each."""
        ids = self.scan().select(self._key).collect()
        largest = max(self.paths, key=lambda path: path.stat().st_size)
        groups = pq.read_metadata(largest).num_row_groups
        if not groups:
            return [IdRange()]
        some = _rows_of(largest, groups // 2)
        rows = max(1, at_once * some.height // max(1, int(some.estimated_size())))
        return id_ranges(ids.group_by(self._key).agg(rows=pl.len()), self._key, rows)

    def of(self, ids: IdRange, dtype: pl.DataType) -> pl.DataFrame | None:
        """All versions of some ids; None where there is none at all, or ids are of another type."""
        if not self.paths or self.schema()[self._key] != dtype:
            return None
        return self.scan().filter(ids.holds(self._key)).collect()

    def crowded(self, since: datetime, overdue: datetime) -> bool:
        """Whether one file is to be made of all (`compact`).

        Args:
            since: versions that were replaced and are older may be forgotten; half of all rows is enough of them.
            overdue: versions that were replaced by one that is older than this must be.
        """
        paths = self.paths
        if not paths or len(paths) >= MOST_FILES:
            return bool(paths)
        old, late = pl.col(CREATED) < pl.lit(since), (pl.col(CREATED) < pl.lit(overdue)).sum() > 1
        of_row = self.scan().group_by(self._key).agg(old=old.sum(), newest=old.all(), late=late)
        sums = of_row.select(pl.col("old").sum() - pl.col("newest").sum(), pl.col("late").any())
        forgettable, late_ones = sums.collect(engine="streaming").row(0)
        return bool(late_ones) or 2 * int(forgettable) > self.rows()

    def compact(self, since: datetime) -> None:
        """Makes one file of all, without the versions that were replaced and are older than `since`."""
        with self.writing(all_anew=True) as write:
            for ids in self.ranges(AT_ONCE):
                write(remembered(self.scan().filter(ids.holds(self._key)).collect(), self._key, since))

    @contextmanager
    def writing(self, all_anew: bool = False) -> Iterator[Callable[[pl.DataFrame], None]]:
        """Adds a file of the versions that what is yielded is called with, of the same columns; none of no versions.

        Args:
            all_anew: whether it takes the place of all others, and does not only stand beside them.
        """
        spans = self._spans()
        number = spans[-1][0][1] + 1 if spans else 0
        path = self.folder / f"{0 if all_anew else number:08}-{number:08}.parquet"
        with ExitStack() as closing:
            file: pq.ParquetWriter | None = None

            def write(versions: pl.DataFrame) -> None:
                nonlocal file
                if versions.is_empty() and (file or (spans and not all_anew)):
                    return
                rows = versions.to_arrow(compat_level=_OLDEST)
                if file is None:
                    aside = closing.enter_context(atomic_file(path))
                    file = closing.enter_context(pq.ParquetWriter(aside, rows.schema, compression="zstd"))
                file.write_table(rows, row_group_size=GROUP_ROWS)

            yield write

    def remove_replaced(self) -> None:
        """Removes the files that another one took the place of an hour ago."""
        kept = [path for _, path in self._spans()]
        # All that is replaced is replaced by the first: it alone holds more than one write.
        if kept and time.time() - kept[0].stat().st_mtime > KEPT_SECONDS:
            for path in self._listed():
                if _NAME.fullmatch(path.name) and path not in kept:
                    path.unlink(missing_ok=True)

    def adopt(self) -> None:
        """Takes over the file of an earlier version of this package, in the place of all; the only writer does."""
        if self._earlier is not None and self._earlier.is_file():
            spans = self._spans()
            self.folder.mkdir(parents=True, exist_ok=True)
            number = spans[-1][0][1] + 1 if spans else 0
            taken = self.folder / f"{0:08}-{number:08}.parquet"
            self._earlier.replace(taken)
            taken.touch()  # what it replaces stays for as long as it would beside any other

    def _some_paths(self) -> list[Path]:
        if paths := self.paths:
            return paths
        raise LookupError(f"{self.folder} holds no version of any row; materialize feature_store first.")

    def _spans(self) -> list[tuple[tuple[int, int], Path]]:
        found = {match: path for path in self._listed() if (match := _NAME.fullmatch(path.name))}
        spans = sorted(((int(m[1]), -int(m[2])), path) for m, path in found.items())
        kept = list[tuple[tuple[int, int], Path]]()
        for (first, last), path in spans:
            if not kept or -last > kept[-1][0][1]:
                kept.append(((first, -last), path))
        return kept

    def _listed(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []


def _rows_of(path: Path, group: int) -> pl.DataFrame:
    read = pl.from_arrow(pq.ParquetFile(path).read_row_group(group))
    assert isinstance(read, pl.DataFrame)
    return read
