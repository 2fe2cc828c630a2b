"""Ordering: the last stage, which makes lists of scored candidates."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.retrieval.union_candidates import SOURCES
from serving.request.columns import Columns, ragged

OUTPUTS = {"item": "int32", "score": "float32", "source": "uint8"}


class Ordering(ServingOperator, ABC):
    """Gives each user the best `k` of the scored candidates, in order; what is best is for its subclasses to say.

    One ordering stands in the place of another: all take and give the same columns, `sources` where there are
    `candidate_sources`. Scores stay the ranker's.

    Example:
        >>> best = (scored + request["k"]) >> SoftmaxSampling()
        >>> isinstance(best.operator, Ordering)
        True
    """

    stage: ClassVar[str] = "ordering"

    def needs(self) -> tuple[Need, ...]:
        return (
            Need("candidate_item", ("int32",), is_list=True),
            Need("candidate_score", ("float32",), is_list=True),
            Need("candidate_source", ("uint8",), is_list=True),
            Need("k", ("int32",)),
        )

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*OUTPUTS, *(("sources",) if SOURCES in names else ()))

    def output_schema(self, schema: Schema) -> Schema:
        wide = {"sources": "uint32"} if SOURCES in schema else {}
        return Schema(ColumnSchema(name, dtype, is_list=True) for name, dtype in {**OUTPUTS, **wide}.items())

    def evidence(self) -> dict[str, str]:
        return {f"scored_{name}": f"candidate_{name}" for name in OUTPUTS} | {name: name for name in OUTPUTS}

    def propensity(self, taken: Columns, given: Columns) -> npt.NDArray[np.float32]:
        """How probable it was that each item took its place, given those before it; 1 where nothing is drawn.

        Args:
            taken: the columns that `transform` took.
            given: the columns that it gave.

        Returns:
            float32 `[total]`, list after list.
        """
        return np.ones(len(ragged(given, "item").values), np.float32)

    def given(self, columns: Columns, places: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Columns:
        """The columns given, for the places of the chosen candidates among all of the batch.

        Args:
            columns: those taken.
            places: int64 `[total]`, list after list.
            lengths: of the lists, `[users]`.
        """
        best = Ragged.from_lengths(ragged(columns, "candidate_item").values[places], lengths)
        names = ("score", "source", *(("sources",) if SOURCES in columns else ()))
        values = {name: ragged(columns, f"candidate_{name}").values[places] for name in names}
        return {"item": best, **{name: best.with_values(value) for name, value in values.items()}}
