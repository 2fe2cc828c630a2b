"""UnionCandidates: the candidates of several sources, each item once a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ops_gpu.candidates.candidate_config import MOST_SOURCES
from ops_gpu.candidates.candidates import BITS, FIRST_RANKED, FIRST_SOURCES, Candidates
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.retrieval.candidate_source import source_list
from serving.request.columns import Columns, ragged

SOURCES = "candidate_sources"


@dataclass
class UnionCandidates(ServingOperator):
    """Joins the lists of the sources; a candidate carries the bits and ranks of all that brought it.

    `candidate_source` has eight bits, which are those of the first sources that there were; `candidate_sources`, given
    where `names` are, has a bit for each of them.

    Args:
        sources: names of the sources that are connected.
        names: all sources of the recommender in the order of their bits, which have a column of ranks each.

    Raises:
        ValueError: for no source, an unknown one, or more than can be told apart.

    Example:
        >>> found = (popular + near) >> UnionCandidates(("popular", "item_knn"), ("item_knn", "popular"))
    """

    stage: ClassVar[str] = "retrieval"

    sources: tuple[str, ...]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = self.names or tuple(BITS)
        if not self.sources or set(self.sources) - set(known):
            raise ValueError(
                f"UnionCandidates joins at least one of {', '.join(known)}, got {self.sources}; correct "
                f"the candidate sources of the recommender."
            )
        if len(self.names) > MOST_SOURCES:
            raise ValueError(f"UnionCandidates tells {MOST_SOURCES} sources apart, got {len(self.names)}.")

    def all_names(self) -> tuple[str, ...]:
        """The sources in the order of their bits."""
        return self.names or FIRST_SOURCES

    def needs(self) -> tuple[Need, ...]:
        kinds = (("item", "int32"), ("score", "float32"))
        return tuple(Need(f"{s}_{kind}", (dtype,), is_list=True) for s in self.sources for kind, dtype in kinds)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return ("candidate_item", "candidate_source", "candidate_rank", *((SOURCES,) if self.names else ()))

    def output_schema(self, schema: Schema) -> Schema:
        rank = ColumnSchema("candidate_rank", "float32", is_list=True, properties={"width": self._ranked()})
        item = ColumnSchema("candidate_item", "int32", is_list=True)
        columns = [item, ColumnSchema("candidate_source", "uint8", is_list=True), rank]
        return Schema([*columns, *([ColumnSchema(SOURCES, "uint32", is_list=True)] if self.names else [])])

    def evidence(self) -> dict[str, str]:
        told = {"retrieved_item": "candidate_item", "retrieved_source": "candidate_source"}
        return told | {"retrieved_sources": SOURCES} if set(self.names) - set(BITS) else told

    def transform(self, columns: Columns) -> Columns:
        lists = {source: source_list(columns, source) for source in self.sources}
        users = len(ragged(columns, f"{self.sources[0]}_item"))
        union = Candidates.union(lists, users, self.all_names(), self._ranked())
        given: Columns = {
            "candidate_item": union.items,
            "candidate_source": union.items.with_values(union.source),
            "candidate_rank": union.items.with_values(union.rank),
        }
        return given | {SOURCES: union.items.with_values(union.sources)} if self.names else given

    def _ranked(self) -> int:
        return len(self.names) or FIRST_RANKED


def candidates_of(columns: Columns, *, named: bool = False) -> Candidates:
    """The candidates that this operator's columns make up; `named` says that it has names for its sources."""
    items, source = ragged(columns, "candidate_item"), ragged(columns, "candidate_source").values
    wide = ragged(columns, SOURCES).values if named else source.astype(np.uint32)
    return Candidates(items, source, wide, ragged(columns, "candidate_rank").values)
