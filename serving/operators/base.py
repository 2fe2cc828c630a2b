"""What every operator of a serving ensemble has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ops_gpu.graph.node import Step
from serving.request.columns import Columns

if TYPE_CHECKING:
    from ops_gpu.tiered import StoreMetrics
    from serving.release.release import Release

STAGES = ("features", "retrieval", "filtering", "scoring", "ordering")
"""The stages of a recommendation, in the order in which their times are reported."""


@dataclass(frozen=True)
class Need:
    """A column that an operator takes.

    Args:
        column: its name.
        dtypes: element types that will do, as `ColumnSchema` names them; none given: any.
        is_list: whether a list a user is expected (else one value or vector).

    Example:
        >>> str(Need("candidate_item", ("int32",), is_list=True))
        "list column 'candidate_item' of int32"
    """

    column: str
    dtypes: tuple[str, ...] = ()
    is_list: bool = False

    def __str__(self) -> str:
        kind = "list" if self.is_list else "scalar"
        return f"{kind} column {self.column!r}" + (f" of {' or '.join(self.dtypes)}" if self.dtypes else "")


class ServingOperator(Step, ABC):
    """A step of a serving ensemble: columns of a batch of users in, its own columns out.

    A subclass is a dataclass of JSON parameters, and says what it needs (`needs`) and gives
    (`output_names`, `output_schema`). `bind` is called once, on a copy of the operator, with the release
    that it shall serve; `transform` is called for every batch, by several threads at once, and changes
    nothing. Rows of a batch never influence each other: N users in a batch get what N single requests get.

    Example:
        >>> @dataclass
        ... class Halved(ServingOperator):
        ...     def output_names(self, names):
        ...         return ("candidate_half",)
        ...
        ...     def transform(self, columns):
        ...         score = columns["candidate_score"]
        ...         return {"candidate_half": score.with_values(score.values / 2)}
        >>> from ops_gpu.primitives.ragged import Ragged
        >>> scores = Ragged.from_lists([[1.0, 3.0]], np.float32)
        >>> Halved().transform({"candidate_score": scores})["candidate_half"].values.tolist()
        [0.5, 1.5]
    """

    stage: ClassVar[str] = "features"

    def needs(self) -> tuple[Need, ...]:
        """Columns without which the operator cannot work; checked when an ensemble is built."""
        return ()

    def bind(self, release: Release) -> None:
        """Loads what the operator needs from the release; by default nothing."""
        return  # most operators need nothing, so this is no abstract method

    def bind_tolerantly(self, release: Release) -> None:
        """As `bind`, for an operator that shall rather answer, and mark its answer, than raise.

        It is for what lies outside the release and may be away for a while; by default as `bind`.
        """
        self.bind(release)

    def evidence(self) -> dict[str, str]:
        """Columns that tell how an answer came about, for the decision log: name in the log, name here.

        A column is one of those given, or else of those taken; see `serving.decisions.trace`.
        """
        return {}

    def store_metrics(self) -> StoreMetrics | None:
        """Where the rows came from that it has read from a tiered store; None for one that reads from none."""
        return None

    @abstractmethod
    def transform(self, columns: Columns) -> Columns:
        """The operator's columns for a batch (`[n]` or `[n, d]` arrays, `Ragged` of n rows)."""
