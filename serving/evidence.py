"""Evidence: which columns of a graph tell how an answer came about, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ops_gpu.candidates.candidates import BITS, FALLBACK
from ops_gpu.ragged import Ragged
from serving.ensemble import Answer, Ensemble
from serving.operators.base import Column, Columns, ragged
from serving.operators.decode_items import DecodeItems
from serving.operators.filter_candidates import FilterCandidates
from serving.operators.ordering import Ordering
from serving.request_events import without_padding

USER_ID, REQUEST = "user_id", "request_"


@dataclass(frozen=True)
class Seen:
    """What is held of an answer until its evidence is written: references to columns, and nothing computed.

    Args:
        columns: the evidence, but for propensities; items are codes, lists of the request padded.
        orderings: each ordering of the graph with what it took and gave.
    """

    columns: Columns
    orderings: tuple[tuple[Ordering, Columns, Columns], ...]


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

    def seen(self, batch: Columns, answer: Answer) -> Seen:
        """What the evidence of an answer will be made of; costs the request that waits next to nothing."""
        columns: Columns = {name if name == USER_ID else f"{REQUEST}{name}": column for name, column in batch.items()}
        for name, (number, column) in self._places.items():
            given = answer.steps[number]
            columns[name] = given[column] if column in given else self._taken(number, batch, answer)[column]
        orderings = (
            (operator, self._taken(number, batch, answer), dict(answer.steps[number]))
            for number, operator in enumerate(self._operators)
            if isinstance(operator, Ordering)
        )
        return Seen(columns, tuple(orderings))

    def of(self, seen: Seen) -> Columns:
        """The evidence: with raw ids in the place of item codes, propensities, and no padding."""
        result = {name: _listed(column) for name, column in without_padding(seen.columns, REQUEST).items()}
        for operator, taken, given in seen.orderings:
            drawn = operator.propensity(taken, given)
            result[_free("propensity", result)] = ragged(given, "item").with_values(drawn)
        return {name: self._raw(column) if name.endswith("item") else column for name, column in result.items()}

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


def _listed(column: Column) -> Column:
    """Rows of values as lists: those of another batch may be longer."""
    if isinstance(column, Ragged) or column.ndim == 1:
        return column
    return Ragged.from_lengths(column.reshape(-1), np.full(len(column), column.shape[1]))


def _concatenated(columns: Sequence[Column]) -> Column:
    if not isinstance(columns[0], Ragged):
        return np.concatenate([np.asarray(column) for column in columns])
    lists = [column for column in columns if isinstance(column, Ragged)]
    lengths = np.concatenate([column.lengths for column in lists])
    return Ragged.from_lengths(np.concatenate([column.values for column in lists]), lengths)


def _free(name: str, taken: Columns | dict[str, tuple[int, str]]) -> str:
    """The name, with a number behind it where an earlier operator has it."""
    names = (name, *(f"{number}_{name}" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in names if candidate not in taken)
