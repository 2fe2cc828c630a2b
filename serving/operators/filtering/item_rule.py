"""ItemRule: a condition over the items of a release, made ready for batches of ragged candidates."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.training_data import ids
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from serving.operators.filtering.condition_types import check_item
from serving.request.columns import Columns, array
from serving.request.null_values import is_null
from serving.rules.condition import NUMERIC, Condition

Bools = npt.NDArray[np.bool_]
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "below": operator.lt,
    "at_most": operator.le,
    "at_least": operator.ge,
    "above": operator.gt,
}


class ItemRule:
    """Tells which candidates a condition removes.

    What a condition with a constant says of each item is found out once. Other conditions compare codes: each
    distinct value of the item column has one, and what the user or the request says is looked up among them.

    Args:
        condition: the condition.
        attribute: the item column by item code; a list column, or one value an item.

    Raises:
        ValueError: when the condition does not fit the column's type.
    """

    def __init__(self, condition: Condition, attribute: pl.Series) -> None:
        self.condition = condition
        column = ColumnSchema.from_polars(attribute.name, attribute.dtype)
        check_item(condition, column)
        values, lengths = _flat(attribute)
        self._unknown: Bools = lengths == 0
        self._numeric, self._narrow = condition.comparison in NUMERIC, column.dtype == "float32"
        if self._numeric:
            self._numbers = np.full(len(attribute), np.nan)
            self._numbers[~self._unknown] = values
        else:
            self._vocabulary, codes = np.unique(values, return_inverse=True)
            self._lists = Ragged.from_lengths(codes.astype(np.int64) + 1, lengths)
        self._constant = None if condition.value is None else self._of_constant(len(attribute))

    def removed(self, items: Ragged, columns: Columns) -> Bools:
        """Whether each candidate is to be removed, bool `[total]`.

        Args:
            items: item codes, ragged over users.
            columns: those that the condition names, among others.
        """
        if self._constant is not None:
            return self._constant[items.values]
        other, unknown = self._other(columns)
        return self._verdict(items, other, unknown)

    def _of_constant(self, size: int) -> Bools:
        """The verdict on every item: as if one user had all of them as candidates."""
        everything = Ragged.from_lengths(np.arange(size), np.array([size]))
        texts = isinstance(self.condition.values[0], str)
        values = np.array([v.encode() if texts else v for v in self.condition.values])
        return self._verdict(everything, Ragged.from_lengths(values, np.array([len(values)])), np.zeros(1, np.bool_))

    def _other(self, columns: Columns) -> tuple[Ragged, Bools]:
        """The other side as lists of values, and for which users it is unknown."""
        condition = self.condition
        own = None if condition.user is None else columns[condition.user]
        if isinstance(own, Ragged):
            return own, np.zeros(len(own), np.bool_)
        asked = None if condition.context is None else array(columns, condition.context)
        if own is not None and asked is not None:
            silent = is_null(asked)
            value, unknown = np.where(silent, own, asked), silent & is_null(own)
        else:
            value = asked if own is None else own  # type: ignore[assignment]
            unknown = is_null(value)
        return Ragged(value, np.arange(len(value) + 1)), unknown

    def _verdict(self, items: Ragged, other: Ragged, unknown: Bools) -> Bools:
        """The condition, with what is unknown decided as it says; the item's own value is looked at first."""
        if self._narrow and other.values.dtype == np.float64:
            # What a float32 column holds for 0.1 is more than 0.1: the other side is rounded likewise.
            other = other.with_values(other.values.astype(np.float32))
        row, condition = items.row_ids, self.condition
        holds = self._compared(items, other) if self._numeric else self._shared(items, other) == condition.keep_if
        gone = np.where(unknown[row], condition.unknown_user == "remove", ~holds)
        return np.asarray(np.where(self._unknown[items.values], condition.unknown_item == "remove", gone))

    def _compared(self, items: Ragged, other: Ragged) -> Bools:
        limit = other.values[items.row_ids]
        return np.asarray(COMPARE[self.condition.comparison](self._numbers[items.values], limit), np.bool_)

    def _shared(self, items: Ragged, other: Ragged) -> Bools:
        """Whether item and other side have a value in common."""
        base = len(self._vocabulary) + 1
        known = self._codes(other.values)
        keys = np.unique(other.row_ids[known > 0] * base + known[known > 0])
        mine = self._lists.take(items.values)
        wanted = items.row_ids[mine.row_ids] * base + mine.values
        result = np.zeros(len(items.values), np.bool_)
        if len(keys) and len(wanted):
            found = keys[np.minimum(keys.searchsorted(wanted), len(keys) - 1)] == wanted
            result[mine.row_ids[found]] = True
        return result

    def _codes(self, values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Codes from 1 of values of the other side, 0 for those that no item has."""
        if len(self._vocabulary) == 0 or len(values) == 0:
            return np.zeros(len(values), np.int64)
        place = np.minimum(self._vocabulary.searchsorted(values), len(self._vocabulary) - 1)
        return np.where(self._vocabulary[place] == values, place + 1, 0)


def _flat(attribute: pl.Series) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """All values of all items, and how many each has: none where nothing is known."""
    if isinstance(attribute.dtype, pl.List):
        kept = attribute.list.drop_nulls()
        lengths = kept.list.len().fill_null(0)
        values = kept.drop_nulls().list.explode(empty_as_null=False)
    else:
        known = attribute if not attribute.dtype.is_float() else attribute.fill_nan(None)
        lengths, values = known.is_not_null().cast(pl.UInt32), known.drop_nulls()
    flat = values.to_numpy() if values.dtype.is_numeric() or values.dtype == pl.Boolean else ids(values)
    return flat, lengths.to_numpy().astype(np.int64)
