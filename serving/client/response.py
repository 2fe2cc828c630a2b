"""Reading an answer: from the tensors of one response to a list a user."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from ops_gpu.candidates.candidates import BITS, DEGRADED, FALLBACK
from serving.client.request import Part
from serving.request.id_encoding import decode_ids
from serving.request.recommendation import Recommendation, RecommendationList

NAMES = tuple(tuple(name for name, bit in BITS.items() if bits & bit) for bits in range(256))
"""Names of the sources by their bits."""
_ITEM_TYPES: dict[str, Any] = {"INT64": np.int64, "UINT8": np.uint8}


def read_answer(answer: Any, part: Part, stages: Sequence[str]) -> list[RecommendationList]:
    """The lists of a `ModelInferResponse`.

    Args:
        answer: with the outputs of `serving.triton.repository.model_config`.
        part: what was asked.
        stages: names of the times.

    Raises:
        ValueError: when it is no answer of a recommender to this request.
    """
    try:
        return _lists(answer, part, stages)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"its answer is none of a recommender ({type(error).__name__}: {error})") from error


def _lists(answer: Any, part: Part, stages: Sequence[str]) -> list[RecommendationList]:
    raw = {output.name: data for output, data in zip(answer.outputs, answer.raw_output_contents, strict=True)}
    items = next(output for output in answer.outputs if output.name == "item_id")
    ids = decode_ids(np.frombuffer(raw["item_id"], _ITEM_TYPES[items.datatype]).reshape(tuple(items.shape)))
    width = items.shape[1]
    counts, scores = array("i", raw["count"]), array("f", raw["score"])  # for so few values faster than numpy
    sources, releases = raw["source"], _texts(raw["release"], len(ids))
    stage_ms = dict(zip(stages, array("f", raw["stage_ms"])[: len(stages)], strict=True))
    lists = []
    starts = range(0, len(scores), width)
    for user_id, row, start, count, release in zip(part.user_ids, ids, starts, counts, releases, strict=True):
        bits = sources[start : start + count]
        found = map(Recommendation, row[:count], scores[start : start + count], map(NAMES.__getitem__, bits))
        source = "empty" if count == 0 else "popular" if bits[0] & FALLBACK else "personalized"
        degraded = bool(count and bits[0] & DEGRADED)
        lists.append(
            RecommendationList(user_id, tuple(found), source, release, stage_ms.copy(), part.request_id, degraded)
        )
    return lists


def _texts(raw: bytes, rows: int) -> list[str]:
    """A text of one width a row: while a candidate is tried, some users are answered by another release."""
    width = len(raw) // rows
    first = raw[:width]
    if raw == first * rows:
        return [first.decode()] * rows
    return [raw[start : start + width].decode() for start in range(0, len(raw), width)]
