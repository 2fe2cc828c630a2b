"""UnionCandidates: the candidates of several sources, each item once a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ops_gpu.candidates.candidates import BITS, SOURCES, Candidates
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.retrieval.candidate_source import source_list
from serving.request.columns import Columns, ragged


@dataclass
class UnionCandidates(ServingOperator):
    """Joins the lists of the sources; a candidate carries the bits and ranks of all that brought it.

    Args:
        sources: names of the sources that are connected.

    Raises:
        ValueError: for no source, or an unknown one.
    """

    stage: ClassVar[str] = "retrieval"

    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.sources or set(self.sources) - set(BITS):
            raise ValueError(
                f"UnionCandidates joins at least one of {', '.join(BITS)}, got {self.sources}; correct "
                f"the candidate sources of the recommender."
            )

    def needs(self) -> tuple[Need, ...]:
        kinds = (("item", "int32"), ("score", "float32"))
        return tuple(Need(f"{s}_{kind}", (dtype,), is_list=True) for s in self.sources for kind, dtype in kinds)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("candidate_item", "candidate_source", "candidate_rank")

    def output_schema(self, schema: Schema) -> Schema:
        rank = ColumnSchema("candidate_rank", "float32", is_list=True, properties={"width": len(SOURCES)})
        item = ColumnSchema("candidate_item", "int32", is_list=True)
        return Schema([item, ColumnSchema("candidate_source", "uint8", is_list=True), rank])

    def evidence(self) -> dict[str, str]:
        return {"retrieved_item": "candidate_item", "retrieved_source": "candidate_source"}

    def transform(self, columns: Columns) -> Columns:
        lists = {source: source_list(columns, source) for source in self.sources}
        users = len(ragged(columns, f"{self.sources[0]}_item"))
        union = Candidates.union(lists, users)
        return {
            "candidate_item": union.items,
            "candidate_source": union.items.with_values(union.source),
            "candidate_rank": union.items.with_values(union.rank),
        }


def candidates_of(columns: Columns) -> Candidates:
    """The candidates that this operator's columns make up."""
    items, source = ragged(columns, "candidate_item"), ragged(columns, "candidate_source")
    return Candidates(items, source.values, ragged(columns, "candidate_rank").values)
