"""Trace: which columns of a graph tell how an answer came about, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ops_gpu.candidates.candidates import BITS, FALLBACK, OTHER
from ops_gpu.primitives.ragged import Ragged
from serving.ensemble.ensemble import Ensemble, EnsembleAnswer
from serving.ensemble.ensemble_plan import Place
from serving.ensemble.source_names import source_names
from serving.operators.filtering.filter_candidates import FilterCandidates
from serving.operators.ordering.decode_items import DecodeItems
from serving.operators.ordering.ordering import Ordering
from serving.request.columns import Column, Columns, ragged
from serving.request.event_columns import without_padding
from serving.request.request import join_requests

USER_ID, REQUEST = "user_id", "request_"


Seen = dict[Place, Column]
"""What is held of an answer until its evidence is written: columns by place, and nothing computed."""


@dataclass(frozen=True)
class _Drawn:
    """An ordering of the graph, and where the columns lie that it took and gave."""

    operator: Ordering
    taken: dict[str, Place]
    given: dict[str, Place]


class Trace:
    """What is kept of an answer: the request, the features seen, and what every stage made of them.

    Columns of the evidence: `user_id`; `request_*` (the other columns of the request); `user_*` (what the
    feature store said); `retrieved_item` and `retrieved_source` (bits, see `BITS`), and `retrieved_sources` where
    there is one that has none of these; `removed_item` and
    `removed_reason` (bits, see `FilterCandidates.reasons`); `scored_item`, `scored_score` and
    `scored_source`, what the ordering chose from; `item`, `score`, `source`, the list as it was given, best
    first; and `propensity`, how probable each place was. Items are raw ids. A graph of one's own has those
    columns that its operators' `evidence` names.

    Args:
        ensemble: bound, its `DecodeItems` at least; a description tells no more than `places`.
    """

    def __init__(self, ensemble: Ensemble) -> None:
        self._inputs = ensemble.inputs
        operators = ensemble.operators or tuple(step.operator for step in ensemble.plan.steps)
        self._decode = next((o for o in operators if isinstance(o, DecodeItems)), None)
        self._request = {name: (-1, name) for name in ensemble.inputs.names}
        self._named: dict[str, Place] = {}
        self._orderings: list[_Drawn] = []
        for number, operator in enumerate(operators):
            taken = dict(ensemble.plan.steps[number].columns)
            given = {name: (number, name) for name in operator.output_names(tuple(taken))}
            for name, column in operator.evidence().items():
                self._named[_free(name, self._named)] = given.get(column) or taken[column]
            if isinstance(operator, Ordering):
                self._orderings.append(_Drawn(operator, taken, given))
        drawn = (place for one in self._orderings for place in (*one.taken.values(), *one.given.values()))
        self._held = tuple(dict.fromkeys([*self._request.values(), *self._named.values(), *drawn]))

    @property
    def places(self) -> tuple[Place, ...]:
        """The columns that it reads, of the request and of what the steps gave."""
        return self._held

    def seen(self, batch: Columns, answer: EnsembleAnswer) -> Seen:
        """What the evidence of an answer will be made of; costs the request that waits next to nothing."""
        return {place: (answer.steps[place[0]] if place[0] >= 0 else batch)[place[1]] for place in self._held}

    def joined(self, parts: Sequence[Seen]) -> Seen:
        """What is held of some answers, one after another."""
        requests = [{name: part[place] for name, place in self._request.items()} for part in parts]
        request = join_requests(requests, self._inputs)
        single = len(request[USER_ID]) == len(parts)
        held = {place: _concatenated([part[place] for part in parts], single) for place in self._held if place[0] >= 0}
        return held | {place: request[name] for name, place in self._request.items()}

    def of(self, held: Seen) -> Columns:
        """The evidence: raw ids in the place of item codes, propensities, and no padding."""
        request = without_padding({name: held[place] for name, place in self._request.items()})
        result = {name if name == USER_ID else f"{REQUEST}{name}": column for name, column in request.items()}
        result |= {name: held[place] for name, place in self._named.items()}
        for one in self._orderings:
            taken, given = ({name: held[place] for name, place in side.items()} for side in (one.taken, one.given))
            drawn = one.operator.propensity(taken, given)
            result[_free("propensity", result)] = ragged(given, "item").with_values(drawn)
        return {name: self._raw(column) if _is_code(name) else column for name, column in result.items()}

    def _raw(self, column: Column) -> Column:
        if self._decode is None or not isinstance(column, Ragged) or column.values.dtype != np.int32:
            return column  # raw already: codes alone are int32
        return self._decode.transform({"item": column})["item_id"]


def bit_names(ensemble: Ensemble) -> dict[str, dict[str, int]]:
    """What the bits of `*_source`, of `retrieved_sources` and of `removed_reason` mean, by name."""
    filters = (operator for operator in ensemble.operators if isinstance(operator, FilterCandidates))
    reasons = {name: bit for operator in filters for bit, name in operator.reasons().items()}
    names = {name: 1 << place for place, name in enumerate(source_names(ensemble))}
    return {"source": {**BITS, "other": OTHER, "fallback": FALLBACK}, "sources": names, "reason": reasons}


def _is_code(name: str) -> bool:
    """Whether a column of the evidence holds items as the release numbers them; users and requests name raw ids."""
    return name.endswith("item") and not name.startswith(("user_", REQUEST))


def _concatenated(columns: Sequence[Column], single: bool) -> Column:
    """The columns one after another; `single` says that each is of one user."""
    if not isinstance(columns[0], Ragged):
        return np.concatenate([np.asarray(column) for column in columns])
    lists = [column for column in columns if isinstance(column, Ragged)]
    values = [column.values for column in lists]
    if single:
        return Ragged.from_lengths(np.concatenate(values), np.fromiter(map(len, values), np.int64, len(values)))
    return Ragged.from_lengths(np.concatenate(values), np.concatenate([column.lengths for column in lists]))


def _free(name: str, taken: Columns | dict[str, Place]) -> str:
    """The name, with a number behind it where an earlier operator has it."""
    names = (name, *(f"{number}_{name}" for number in range(2, len(taken) + 3)))
    return next(candidate for candidate in names if candidate not in taken)
