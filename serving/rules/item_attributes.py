"""Raw attributes of items, as a part of a release: what filters look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ops_gpu.features.feature_table import FIRST_CODE
from ops_gpu.features.training_data import ids
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow

FILE = "attributes.parquet"
CODE = "__code__"  # no column of a table has such a name


@dataclass(frozen=True)
class ItemAttributes:
    """Columns of the items table as they are there, a row an item code.

    Args:
        frame: row `c` belongs to the item of code `c`; nulls for codes of no item, and where nothing is known.
    """

    frame: pl.DataFrame

    @classmethod
    def of(cls, items: pl.DataFrame, columns: Iterable[str], workflow: Workflow, size: int) -> ItemAttributes:
        """Takes some columns of the raw items table.

        Args:
            items: `item_id` and raw columns; of several rows of an item the first counts.
            columns: those wanted.
            workflow: fitted; items that it does not know are left out.
            size: number of item codes.

        Raises:
            ValueError: when the table has no such column.
        """
        names = sorted(set(columns))
        missing = [name for name in names if name not in items.columns]
        if missing:
            raise ValueError(
                f"a filter reads the item column {missing[0]!r}, and the items table has {', '.join(items.columns)}; "
                f"name it under items (categorical, continuous or lists) in the YAML, or correct the filter."
            )
        rows = items.unique("item_id", keep="first", maintain_order=True)
        codes = workflow.encode("item_id", ids(rows["item_id"]))
        known = rows.select(names).with_columns(pl.Series(CODE, codes)).filter(pl.col(CODE) >= FIRST_CODE)
        by_code = pl.DataFrame({CODE: np.arange(size, dtype=codes.dtype)})
        return cls(by_code.join(known, on=CODE, how="left", maintain_order="left").select(names))

    @property
    def schema(self) -> Schema:
        """Types of the columns."""
        return Schema.from_polars(self.frame)

    def save(self, folder: Path) -> None:
        """Writes a Parquet file into a new folder."""
        folder.mkdir(parents=True)
        self.frame.write_parquet(folder / FILE)

    @classmethod
    def load(cls, folder: Path) -> ItemAttributes:
        """Reads what `save` wrote."""
        return cls(pl.read_parquet(folder / FILE, glob=False))
