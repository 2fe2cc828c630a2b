"""IdRange: the entities between two ids, so that a table of all of them need not be held at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class IdRange:
    """Ids from one up to another.

    Args:
        first: the lowest id; None is no bound, and holds rows without an id too, which whoever reads them refuses.
        end: the id that it ends before; None is no bound.
    """

    first: Any = None
    end: Any = None

    def holds(self, key: str) -> pl.Expr:
        """Whether the id in column `key` lies in it; null for a row without an id where there is a first one.

        Of a Parquet file that is filtered by it only the row groups are read that can hold such ids: Polars does not
        look into a `fill_null`.
        """
        id_ = pl.col(key)
        if self.first is None:
            return pl.lit(True) if self.end is None else id_.lt(self.end) | id_.is_null()
        return id_.ge(self.first) if self.end is None else id_.ge(self.first) & id_.lt(self.end)

    def of(self, ids: pl.Series) -> pl.Series:
        """Those ids of a series that lie in it."""
        return ids.to_frame().filter(self.holds(ids.name))[ids.name]


def id_ranges(sizes: pl.DataFrame, key: str, at_once: int) -> list[IdRange]:
    """Ranges that hold every id once, by rising id, each of about `at_once` rows; one entity is never cut.

    Args:
        sizes: `key`, one row an id, and `rows`, how many it stands for.
        key: column of the ids.
        at_once: rows.
    """
    ordered = sizes.drop_nulls(key).sort(key)
    before = pl.col("rows").cast(pl.Int64).cum_sum() - pl.col("rows")
    begins = ordered.select(key, place=before // at_once).unique("place", keep="first", maintain_order=True)
    inner = begins[key].to_list()[1:]
    return [IdRange(first, end) for first, end in zip([None, *inner], [*inner, None], strict=True)]
