"""Reading an answer: from the tensors of one response to a list a user."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import numpy as np

from ops_gpu.candidates.candidates import BITS, DEGRADED, FALLBACK, OTHER
from serving.client.request import Part
from serving.request.id_encoding import decode_ids
from serving.request.recommendation import Recommendation, RecommendationList

NAMES = tuple(tuple(name for name, bit in BITS.items() if bits & bit) for bits in range(256))
"""Names of the sources by their bits."""
RELEASE_BYTES = 64
P = ParamSpec("P")
R = TypeVar("R")
_ITEM_TYPES: dict[str, Any] = {"INT64": np.int64, "UINT8": np.uint8}


def _of_a_recommender(read: Callable[P, R]) -> Callable[P, R]:
    """Says of whatever goes wrong that it was no answer of a recommender; on every request, so no context is made."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(*args, **kwargs)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ValueError(f"its answer is none of a recommender ({type(error).__name__}: {error})") from error

    return reading


@dataclass(frozen=True)
class Response:
    """The outputs of a `ModelInferResponse`, as `serving.triton.repository.model_config` describes them.

    Args:
        message: of the server.
        raw: content of each output by name.

    Raises:
        ValueError: by `of` and `lists`, when it is no answer of a recommender.
    """

    message: Any
    raw: Mapping[str, bytes]

    @classmethod
    @_of_a_recommender
    def of(cls, message: Any) -> Response:
        """Takes a message apart."""
        contents = zip(message.outputs, message.raw_output_contents, strict=True)
        return cls(message, {output.name: data for output, data in contents})

    @_of_a_recommender
    def unnamed(self, known: Collection[str]) -> set[str]:
        """Releases whose sources must be asked for, because one of them has no bit of its own in `source`.

        Args:
            known: releases whose sources are known.
        """
        raw = self.raw
        if not {"sources", "source", "release"} <= raw.keys() or not any(bits & OTHER for bits in raw["source"]):
            return set()
        return set(_texts(raw["release"], len(raw["release"]) // RELEASE_BYTES)) - set(known)

    @_of_a_recommender
    def lists(
        self, part: Part, stages: Sequence[str], sources: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> list[RecommendationList]:
        """A list a user.

        Args:
            part: what was asked.
            stages: names of the times.
            sources: names of the candidate sources by release, in the order of their bits; where a release is not
                among them, a source that is younger than the output `source` has no name.
        """
        return _lists(self.message, self.raw, part, stages, sources)


def _lists(
    answer: Any,
    raw: Mapping[str, bytes],
    part: Part,
    stages: Sequence[str],
    names: Mapping[str, tuple[str, ...]],
) -> list[RecommendationList]:
    items = next(output for output in answer.outputs if output.name == "item_id")
    ids = decode_ids(np.frombuffer(raw["item_id"], _ITEM_TYPES[items.datatype]).reshape(tuple(items.shape)))
    width = items.shape[1]
    counts, scores = array("i", raw["count"]), array("f", raw["score"])  # for so few values faster than numpy
    sources, releases = raw["source"], _texts(raw["release"], len(ids))
    stage_ms = dict(zip(stages, array("f", raw["stage_ms"])[: len(stages)], strict=True))
    wide = array("I", raw["sources"]) if names and "sources" in raw else None
    lists = []
    starts = range(0, len(scores), width)
    for user_id, row, start, count, release in zip(part.user_ids, ids, starts, counts, releases, strict=True):
        bits = sources[start : start + count]
        brought_by: Iterable[tuple[str, ...]] = map(NAMES.__getitem__, bits)
        if wide is not None and (known := names.get(release)):
            brought_by = (_named(value, known) for value in wide[start : start + count])
        items_of_list = map(Recommendation, row[:count], scores[start : start + count], brought_by)
        source = "empty" if count == 0 else "popular" if bits[0] & FALLBACK else "personalized"
        degraded = bool(count and bits[0] & DEGRADED)
        lists.append(
            RecommendationList(
                user_id, tuple(items_of_list), source, release, stage_ms.copy(), part.request_id, degraded
            )
        )
    return lists


@cache
def _named(bits: int, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for place, name in enumerate(names) if bits >> place & 1)


def _texts(raw: bytes, rows: int) -> list[str]:
    """A text of one width a row: while a challenger is tried, some users are answered by another release."""
    width = len(raw) // rows
    first = raw[:width]
    if raw == first * rows:
        return [first.decode()] * rows
    return [raw[start : start + width].decode() for start in range(0, len(raw), width)]
