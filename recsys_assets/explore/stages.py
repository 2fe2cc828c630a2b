"""The four stages of one user's list, from the columns that a release's graph gave on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ops_gpu.candidates.candidates import FALLBACK
from ops_gpu.primitives.ragged import Ragged
from serving.ensemble.ensemble import Ensemble, EnsembleAnswer
from serving.ensemble.source_names import source_names
from serving.operators.base import ServingOperator
from serving.operators.filtering.filter_candidates import FilterCandidates
from serving.operators.ordering.decode_items import DecodeItems
from serving.operators.retrieval.union_candidates import SOURCES
from serving.request.columns import Column
from serving.request.recommendation import Id


@dataclass(frozen=True)
class Row:
    """An item in a stage.

    Args:
        item_id: the item, as in the logs.
        place: from 1, in the stage's order.
        sources: who brought it, with its place in that source's list (None where the graph does not say).
        score: by which it is ordered; None before scoring.
        reasons: why it was removed.
    """

    item_id: Id
    place: int
    sources: tuple[tuple[str, int | None], ...] = ()
    score: float | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stages:
    """What each stage gave, best first.

    Args:
        retrieved: all candidates, by their best place in a source's list.
        filtered: those that were removed.
        scored: those that were left, by score.
        ordered: the list.
        seen: items of the user's history that the release knows.
        fallback: whether the list is the popular one, because nothing is known of the user.
    """

    retrieved: tuple[Row, ...]
    filtered: tuple[Row, ...]
    scored: tuple[Row, ...]
    ordered: tuple[Row, ...]
    seen: frozenset[Id]
    fallback: bool

    @classmethod
    def of(cls, ensemble: Ensemble, answer: EnsembleAnswer) -> Stages:
        """Of an answer for one user.

        Args:
            ensemble: bound; its graph gives `candidate_*` columns in its stages, as `four_stages` does. What
                it does not give is left empty.
            answer: that of `Ensemble.run`.
        """
        steps = list(zip(ensemble.operators, answer.steps, strict=True))
        brought = _last(steps, "retrieval", "candidate_item")
        scores = _last(steps, "scoring", "candidate_score")
        # What is popular is filtered too, in the place of candidates, after these were scored.
        before = next((place for place, (_, given) in enumerate(steps) if given is scores), len(steps))
        remaining = _last(steps[:before], "filtering", "candidate_item") or brought
        history = _last(steps, "features", "seen_item")
        decode = _decoder(ensemble)
        source_of = _sources(brought, decode, source_names(ensemble))
        ordered = _ordered(answer, source_of, source_names(ensemble))
        bits = _values(answer.columns, "source")
        return cls(
            _numbered(sorted(source_of.items(), key=_best_place)),
            _removed(steps, source_of, decode),
            _scored(remaining, scores, source_of, decode),
            ordered,
            frozenset() if history is None else frozenset(decode(_values(history, "seen_item"))),
            bool(len(bits) and bits[0] & FALLBACK),
        )


Steps = Sequence[tuple[ServingOperator, Mapping[str, Column]]]
Found = dict[Id, tuple[tuple[str, int | None], ...]]


def _last(steps: Steps, stage: str, column: str) -> Mapping[str, Column] | None:
    """Columns of the last step of a stage that gives this one."""
    return next((given for step, given in reversed(steps) if step.stage == stage and column in given), None)


def _values(columns: Mapping[str, Column], name: str) -> Any:
    column = columns[name]
    return column.values if isinstance(column, Ragged) else column


def _decoder(ensemble: Ensemble) -> Any:
    """A function from item codes to the ids of the logs."""
    decode = next((step for step in ensemble.operators if isinstance(step, DecodeItems)), None)
    if decode is None:
        raise ValueError("The graph of this release has no DecodeItems, so that its items cannot be named.")
    return lambda codes: _ids(_values(decode.transform({"item": Ragged.from_lists([codes], np.int32)}), "item_id"))


def _ids(values: Any) -> list[Id]:
    return [value.decode() if isinstance(value, bytes) else value for value in values.tolist()]


def _sources(brought: Mapping[str, Column] | None, decode: Any, names: tuple[str, ...]) -> Found:
    """Who brought each candidate, the best place first."""
    if brought is None:
        return {}
    ids = decode(_values(brought, "candidate_item"))
    bits = _values(brought, SOURCES if SOURCES in brought else "candidate_source").tolist()
    none = np.zeros((len(ids), len(names)))
    ranks = _values(brought, "candidate_rank") if "candidate_rank" in brought else none
    return {item: _named(of, rank, names) for item, of, rank in zip(ids, bits, ranks.tolist(), strict=True)}


def _named(bits: int, ranks: Sequence[float], names: tuple[str, ...]) -> tuple[tuple[str, int | None], ...]:
    """Names of sources, and the place in the list of each; a rank is 1 / place, and not every source has one."""
    places = [round(1 / rank) if rank else None for rank in ranks] + [None] * (len(names) - len(ranks))
    brought = [(name, places[bit]) for bit, name in enumerate(names) if bits >> bit & 1]
    return tuple(sorted(brought, key=lambda found: found[1] or np.inf))


def _best_place(candidate: tuple[Id, tuple[tuple[str, int | None], ...]]) -> tuple[float, int]:
    sources = candidate[1]
    return min((place or np.inf for _, place in sources), default=np.inf), -len(sources)


def _numbered(candidates: Sequence[tuple[Id, Any]]) -> tuple[Row, ...]:
    return tuple(Row(item, place, sources) for place, (item, sources) in enumerate(candidates, 1))


def _removed(steps: Steps, found: Found, decode: Any) -> tuple[Row, ...]:
    rows: list[Row] = []
    for step, given in steps:
        if "removed_item" not in given:
            continue
        named = reasons_of(step)
        for item, bits in zip(decode(_values(given, "removed_item")), _values(given, "removed_reason"), strict=True):
            why = tuple(name for bit, name in named.items() if int(bits) & bit)
            rows.append(Row(item, len(rows) + 1, found.get(item, ()), reasons=why))
    return tuple(rows)


def reasons_of(step: ServingOperator) -> Mapping[int, str]:
    """Names of the bits of `removed_reason`; none of an operator that removes nothing."""
    return step.reasons() if isinstance(step, FilterCandidates) else {}


def _scored(
    kept: Mapping[str, Column] | None, scores: Mapping[str, Column] | None, found: Found, decode: Any
) -> tuple[Row, ...]:
    if kept is None or scores is None:
        return ()
    ids, values = decode(_values(kept, "candidate_item")), _values(scores, "candidate_score").tolist()
    best = sorted(zip(ids, values, strict=True), key=lambda pair: -pair[1])
    return tuple(Row(item, place, found.get(item, ()), score) for place, (item, score) in enumerate(best, 1))


def _ordered(answer: EnsembleAnswer, found: Found, names: tuple[str, ...]) -> tuple[Row, ...]:
    columns = answer.columns
    ids, scores = _ids(_values(columns, "item_id")), _values(columns, "score").tolist()
    bits = _values(columns, "sources" if "sources" in columns else "source").tolist()
    rows = enumerate(zip(ids, scores, bits, strict=True), 1)
    return tuple(Row(i, place, found.get(i) or _named(b, (), names), s) for place, (i, s, b) in rows)
