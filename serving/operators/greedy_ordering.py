"""What the orderings that build a list item by item have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.feature_table import FeatureTable
from ops_gpu.ordering.greedy import Choice, greedy
from ops_gpu.ordering.ranked import Ranked
from ops_gpu.ragged import Ragged
from ops_gpu.schema import ColumnSchema, Schema
from serving.operators.base import Columns, Need, ServingOperator, array, ragged

if TYPE_CHECKING:
    from serving.release import Release


@dataclass
class GreedyOrdering(ServingOperator, ABC):
    """Gives each user up to `k` candidates, one after the other, by a `Choice` of `ops_gpu.ordering`.

    Takes and gives what `SoftmaxSampling` does, so that it stands in its place; scores stay the ranker's.

    Args:
        pool: how many of the best candidates of a user are looked at; the rest are never given.
    """

    stage: ClassVar[str] = "ordering"

    pool: int = field(default=200, kw_only=True)

    def __post_init__(self) -> None:
        if self.pool < 1:
            raise ValueError(f"{self.name} has a pool of {self.pool}; give 1 candidate or more.")

    @abstractmethod
    def choice(self, ranked: Ranked, columns: Columns) -> Choice:
        """What makes an item a good next one, for the candidates of a batch."""

    def needs(self) -> tuple[Need, ...]:
        return (
            Need("candidate_item", ("int32",), is_list=True),
            Need("candidate_score", ("float32",), is_list=True),
            Need("candidate_source", ("uint8",), is_list=True),
            Need("k", ("int32",)),
        )

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("item", "score", "source")

    def output_schema(self, schema: Schema) -> Schema:
        dtypes = {"item": "int32", "score": "float32", "source": "uint8"}
        return Schema(ColumnSchema(name, dtype, is_list=True) for name, dtype in dtypes.items())

    def transform(self, columns: Columns) -> Columns:
        items, scores = ragged(columns, "candidate_item"), ragged(columns, "candidate_score").values
        ranked = Ranked.of(items, scores, self.pool)
        chosen = greedy(ranked, self.choice(ranked, columns), array(columns, "k"))
        given = chosen >= 0
        places = np.take_along_axis(ranked.places, np.maximum(chosen, 0), axis=1)[given]
        best = Ragged.from_lengths(items.values[places], given.sum(axis=1))
        sources = ragged(columns, "candidate_source").values[places]
        return {"item": best, "score": best.with_values(scores[places]), "source": best.with_values(sources)}


def item_column(release: Release, table: str, column: str) -> npt.NDArray[Any]:
    """A column of the release's item features; ValueError where there is none."""
    features = release.shared(table, FeatureTable.load).columns
    if column not in features:
        raise ValueError(f"The item features of the release have no column {column!r}, but {', '.join(features)}.")
    return features[column]
