"""BoostCandidates: business rules on scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow
from serving.operators.base import Need, ServingOperator
from serving.operators.ordering.greedy_ordering import item_column
from serving.request.columns import Columns, ragged

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class BoostCandidates(ServingOperator):
    """Adds to the scores of candidates with certain values of a feature, before they are put in order.

    Args:
        column: categorical item feature; of a list the largest boost of its values counts.
        boosts: what is added to the score (the ranker's logit), by raw value; below 0 it holds back.
        table: part of the release with the item features.
        workflow: part of the release with the workflow, which knows the codes of values.

    Raises:
        ValueError: by `bind`, for a value that the release does not know.

    Example:
        >>> scored = kept["candidate_item"] + score >> BoostCandidates("studio", {"Alpha": 0.5})
    """

    stage: ClassVar[str] = "ordering"

    column: str
    boosts: Mapping[str, float]
    table: str = "item_features"
    workflow: str = "workflow"

    def needs(self) -> tuple[Need, ...]:
        return (Need("candidate_item", ("int32",), is_list=True), Need("candidate_score", ("float32",), is_list=True))

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("candidate_score",)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([ColumnSchema("candidate_score", "float32", is_list=True)])

    def bind(self, release: Release) -> None:
        codes = item_column(release, self.table, self.column)
        workflow = release.shared(self.workflow, Workflow.load)
        known = workflow.vocabulary(self.column).cast(pl.String, strict=False).to_list()
        unknown = [value for value in self.boosts if value not in known]
        if unknown:
            raise ValueError(
                f"BoostCandidates has a boost for {self.column} {unknown[0]!r}, which no item of the release has."
            )
        by_code = np.full(max(int(codes.max(initial=0)) + 1, workflow.first_code(self.column) + len(known)), np.nan)
        for value, boost in self.boosts.items():
            by_code[workflow.first_code(self.column) + known.index(value)] = boost
        of_values = by_code[codes.reshape(len(codes), -1)]
        none = np.isnan(of_values).all(axis=1)
        best = np.where(np.isnan(of_values), -np.inf, of_values).max(axis=1, initial=-np.inf)
        self._boost = np.where(none, 0.0, best).astype(np.float32)

    def transform(self, columns: Columns) -> Columns:
        scores, items = ragged(columns, "candidate_score"), ragged(columns, "candidate_item")
        return {"candidate_score": scores.with_values(scores.values + self._boost[items.values])}
