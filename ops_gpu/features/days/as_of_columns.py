"""AsOfColumns: features of users or items that depend on the moment, for those who are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from polars import selectors as cs

from ops_gpu.features.feature_table import FIRST_CODE, FeatureTable
from ops_gpu.features.training_data import encode_ids
from ops_gpu.workflow.workflow import Workflow


class AsOfColumns:
    """What labels, counts and groups teach of users or of items.

    Args:
        frame: raw features; of several rows of an entity the first counts.
        key: `user_id` or `item_id`.
        workflow: fitted; entities that it does not know have no row.
    """

    def __init__(self, frame: pl.DataFrame, key: str, workflow: Workflow) -> None:
        self._frame, self._key = frame.unique(key, keep="first", maintain_order=True), key
        given = workflow.for_inputs(frame.columns).output_columns
        self.names = [name for name in workflow.as_of_columns if name in given]
        size = workflow.output_schema[key].cardinality or 0
        self._place = np.full(size, -1, np.int64)
        if self.names:
            self._place[encode_ids(self._frame[key], workflow)] = np.arange(self._frame.height)
            self._place[:FIRST_CODE] = -1  # codes that stand for many

    def of(self, workflow: Workflow, codes: npt.NDArray[np.integer[Any]]) -> Mapping[str, npt.NDArray[Any]]:
        """The columns of some rows.

        Args:
            workflow: as of the moment.
            codes: of the entity of each row, `[n]`.

        Returns:
            Arrays `[n, ...]` by name, as `FeatureTable` gives them; codes without an entity get null codes and zeros,
            and zero is what no day has told anything of (NaN).
        """
        if not self.names:
            return {}
        distinct, row = np.unique(codes, return_inverse=True)
        place = self._place[distinct]
        there = np.flatnonzero(place >= 0)
        part = workflow.for_inputs(self._frame.columns).get_subworkflow([self._key, *self.names])
        made = part.transform(self._frame[place[there]]).with_columns(cs.float().fill_nan(0.0))
        found = made.with_columns(pl.Series(self._key, there))
        table = FeatureTable.from_frame(found, self._key, part.output_schema, len(distinct))
        return {name: table.columns[name][row] for name in self.names}
