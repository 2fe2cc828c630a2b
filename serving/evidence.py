"""Evidence: which columns of a graph tell how an answer came about, and what they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ops_gpu.candidates.candidates import BITS, FALLBACK
from ops_gpu.ragged import Ragged
from serving.ensemble import Answer, Ensemble
from serving.operators.base import Column, Columns
from serving.operators.decode_items import DecodeItems
from serving.operators.filter_candidates import FilterCandidates
from serving.operators.ordering import Ordering

USER_ID = "user_id"


class Evidence:
    """What is kept of an answer: the request, the features seen, and what every stage made of them.

    Columns of the evidence: `user_id`; `request_*` (the other columns of the request); `user_*` (what the
    feature store said); `retrieved_item` and `retrieved_source` (bits, see `BITS`); `removed_item` and
    `removed_reason` (bits, see `FilterCandidates.reasons`); `scored_item`, `scored_score` and
    `scored_source`, what the ordering chose from; `item`, `score`, `source`, the list as it was given, best
    first; and `propensity`, how probable each place was. Items are raw ids. A graph of one's own has those
    columns that its operators' `evidence` names.

    Args:
        ensemble: bound.
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self._plan = ensemble.plan
        self._operators = ensemble.operators
        self._decode = next((o for o in ensemble.operators if isinstance(o, DecodeItems)), None)
        self._places: dict[str, tuple[int, str]] = {}
        for number, operator in enumerate(ensemble.operators):
            for name, column in operator.evidence().items():
                self._places[_free(name, self._places)] = (number, column)

    def of(self, batch: Columns, answer: Answer) -> Columns:
        """The evidence of a batch; items are still codes, see `named`."""
        result: Columns = {name if name == USER_ID else f"request_{name}": column for name, column in batch.items()}
        for name, (number, column) in self._places.items():
            given = answer.steps[number]
            result[name] = given[column] if column in given else self._taken(number, batch, answer)[column]
        for number, operator in enumerate(self._operators):
            if isinstance(operator, Ordering):
                drawn = operator.propensity(self._taken(number, batch, answer), dict(answer.steps[number]))
                listed = answer.steps[number]["item"]
                assert isinstance(listed, Ragged)
                result[_free("propensity", result)] = listed.with_values(drawn)
        return result

    def named(self, evidence: Columns) -> Columns:
        """The same with raw ids in the place of item codes."""
        return {name: self._raw(column) if name.endswith("item") else column for name, column in evidence.items()}

    def _raw(self, column: Column) -> Column:
        if self._decode is None or not isinstance(column, Ragged) or column.values.dtype != np.int32:
            return column  # raw already: codes alone are int32
        return self._decode.transform({"item": column})["item_id"]

    def _taken(self, number: int, batch: Columns, answer: Answer) -> Columns:
        return self._plan.given(number, batch, answer.steps)


def bit_names(ensemble: Ensemble) -> dict[str, dict[str, int]]:
    """What the bits of `*_source` and of `removed_reason` mean, by name."""
    filters = (operator for operator in ensemble.operators if isinstance(operator, FilterCandidates))
    reasons = {name: bit for operator in filters for bit, name in operator.reasons().items()}
    return {"source": {**BITS, "fallback": FALLBACK}, "reason": reasons}


def joined(parts: Sequence[Columns]) -> Columns:
    """The evidence of several batches of one graph, one after another."""
    return {name: _concatenated([part[name] for part in parts]) for name in parts[0]}


def _concatenated(columns: Sequence[Column]) -> Column:
    if len(columns) == 1:
        return columns[0]
    lists = [column for column in columns if isinstance(column, Ragged)]
    if lists:
        lengths = np.concatenate([column.lengths for column in lists])
        return Ragged.from_lengths(np.concatenate([column.values for column in lists]), lengths)
    arrays = [np.asarray(column) for column in columns]
    if len({array.shape[1:] for array in arrays}) > 1:  # lists of a request, each as wide as its longest
        rows = [Ragged.from_lengths(a.reshape(-1), np.full(len(a), a.shape[1])) for a in arrays]
        return _concatenated(rows)
    return np.concatenate(arrays)


def _free(name: str, taken: Columns | dict[str, tuple[int, str]]) -> str:
    """The name, with a number behind it where an earlier operator has it."""
    names = (name, *(f"{number}_{name}" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in names if candidate not in taken)
