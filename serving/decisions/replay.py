"""Answering logged requests again, with the release that answered them or with another one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ops_gpu.schema.schema import Schema
from serving.decisions.reader import request_columns
from serving.ensemble.ensemble import Ensemble, EnsembleAnswer
from serving.request.columns import Columns, ragged
from serving.request.frames import to_columns, to_frame
from serving.request.request import complete

if TYPE_CHECKING:
    import polars as pl

USER = "user_"
BATCH = 256
PLACE = "__place__"


@dataclass(frozen=True)
class Replayed:
    """Lists of one release for logged requests.

    Args:
        lists: `item` (raw ids), `score` and `milliseconds` (the pass's time by its users), a row a decision.
        read_anew: feature columns that the log did not have, so that today's were read.
    """

    lists: pl.DataFrame
    read_anew: tuple[str, ...]


def known_features(decisions: pl.DataFrame, ensemble: Ensemble) -> tuple[dict[int, Columns], tuple[str, ...]]:
    """What the feature store said at the time, by step of the plan; and the columns that the log lacks."""
    known: dict[int, Columns] = {}
    lacking: list[str] = []
    for number, step in enumerate(ensemble.plan.steps):
        logged = {column: name for name, column in step.operator.evidence().items() if name.startswith(USER)}
        if not logged:
            continue
        missing = [column for column, name in logged.items() if name not in decisions.columns]
        if missing:  # the step is taken as a whole, or not at all
            lacking += missing
            continue
        schema = step.operator.output_schema(Schema())
        frame = decisions.select(**logged)
        known[number] = to_columns(frame, schema)
    return known, tuple(lacking)


def answer_again(decisions: pl.DataFrame, ensemble: Ensemble) -> tuple[EnsembleAnswer, tuple[str, ...]]:
    """Answers logged requests in one pass, from the features that were seen then.

    Args:
        decisions: rows of a decision log.
        ensemble: bound; of the release that answered, or of another.

    Returns:
        The answer, and the feature columns that had to be read anew.
    """
    known, lacking = known_features(decisions, ensemble)
    batch = complete(request_columns(decisions, ensemble), ensemble.inputs)
    return ensemble.answer(batch, known), lacking


def replay(decisions: pl.DataFrame, ensemble: Ensemble) -> Replayed:
    """Answers logged requests again in batches of 256 and keeps the lists, in the order of the decisions."""
    import polars as pl

    parts, lacking = [], set()
    for part in _batches(decisions):
        start = time.perf_counter()
        answer, missing = answer_again(part, ensemble)
        spent = (time.perf_counter() - start) * 1e3 / part.height
        lacking |= set(missing)
        frame = to_frame({"item": answer.columns["item_id"], "score": answer.columns["score"]})
        parts.append(frame.with_columns(part[PLACE], milliseconds=pl.lit(spent)))
    return Replayed(pl.concat(parts).sort(PLACE).drop(PLACE), tuple(sorted(lacking)))


def _batches(decisions: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Decisions of one release at a time, in the columns that it logged: others may have logged more."""
    for part in decisions.with_row_index(PLACE).partition_by("release", maintain_order=True):
        yield from part.select(s for s in part if s.null_count() < part.height).iter_slices(BATCH)


def reproduced(decisions: pl.DataFrame, answer: EnsembleAnswer) -> float | None:
    """Whether an answer is the one that was logged: the largest relative difference of a score, or None.

    None where another item stands somewhere, or a list is longer or shorter.
    """
    logged = to_columns(decisions.select("item", "score"), _lists(answer.columns))
    items, found = (ragged(columns, name) for columns, name in ((logged, "item"), (answer.columns, "item_id")))
    if not np.array_equal(items.offsets, found.offsets) or not np.array_equal(items.values, found.values):
        return None
    then, now = ragged(logged, "score").values, ragged(answer.columns, "score").values
    return float(np.max(np.abs(now - then) / np.maximum(np.abs(then), 1e-12), initial=0.0))


def comparison(logged: pl.DataFrame, again: pl.DataFrame, segment: pl.Series) -> pl.DataFrame:
    """How the lists of a candidate differ from those that were given, by segment, and for all.

    Args:
        logged: `item` and `score` as they were given.
        again: `item`, `score` and `milliseconds` of the candidate.
        segment: a name a row.

    Returns:
        `segment`, `requests`, `overlap` (share of a given list that the candidate gives too), `same_first` (share of
        lists with the same first item), `score_then`, `score_now` (means), `empty_then`, `empty_now` (shares) and `ms`
        (median a user). `overlap` and `same_first` are of lists that were not empty, and null where all were.
    """
    import polars as pl

    rows = pl.DataFrame(
        {
            "segment": segment,
            "then": logged["item"],
            "now": again["item"],
            "score_then": logged["score"].list.mean(),
            "score_now": again["score"].list.mean(),
            "ms": again["milliseconds"],
        }
    )
    then = pl.col("then").list
    kept = pl.when(then.len() > 0).then(then.set_intersection("now").list.len() / then.len())
    measures: Mapping[str, pl.Expr] = {
        "requests": pl.len(),
        "overlap": kept.mean(),
        "same_first": (pl.col("then").list.first() == pl.col("now").list.first()).mean(),
        "score_then": pl.col("score_then").mean(),
        "score_now": pl.col("score_now").mean(),
        "empty_then": (pl.col("then").list.len() == 0).mean(),
        "empty_now": (pl.col("now").list.len() == 0).mean(),
        "ms": pl.col("ms").median(),
    }
    everyone = rows.select(segment=pl.lit("all"), **measures)
    return pl.concat([everyone, rows.group_by("segment").agg(**measures).sort("segment")], how="vertical_relaxed")


def _lists(columns: Columns) -> Schema:
    from ops_gpu.schema.column import ColumnSchema

    item = "string" if ragged(columns, "item_id").values.dtype.kind == "S" else "int64"
    return Schema([ColumnSchema("item", item, is_list=True), ColumnSchema("score", "float32", is_list=True)])
