"""QueryUsers: what the operators that read users from a store have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.request.columns import Columns, array
from serving.stores.circuit_breaker import CircuitBreaker, UserReader

if TYPE_CHECKING:
    from serving.release.release import Release

HISTORY = {"history_count": "float32", "history_last": "int64", "history_positive": "float32"}
KNOWN, DEGRADED = "known", "degraded"
Read = Callable[[npt.NDArray[Any]], tuple[Columns, npt.NDArray[np.bool_], bool]]


class QueryUsers(ServingOperator):
    """Reads user features and complete histories, one read a batch.

    Gives the user features, the four aligned lists `history_item` (raw ids), `history_count`, `history_last`
    (epoch seconds) and `history_positive`, one entry a distinct item, oldest first, and `known`. A user who
    is not in the store, and one without an id (empty bytes), has `known` false, nulls and empty lists. A
    null is NaN, empty bytes, or for integers the least int64.

    Where it is bound tolerantly and the store cannot be read, all users of the batch are taken for unknown and
    have `degraded` true; see `CircuitBreaker`. A subclass is a dataclass with the parameters below.

    Example:
        >>> user = ["user_id"] >> QueryHistoryStore("../../../histories/demo", raw_users.to_dict())
        >>> isinstance(user.operator, QueryUsers)
        True
    """

    stage: ClassVar[str] = "features"

    features: Mapping[str, Any]
    user_id_dtype: str
    item_id_dtype: str

    def needs(self) -> tuple[Need, ...]:
        return (Need("user_id", (self.user_id_dtype,)),)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*self.columns.names, KNOWN, DEGRADED)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([*self.columns, ColumnSchema(KNOWN, "bool"), ColumnSchema(DEGRADED, "bool")])

    def evidence(self) -> dict[str, str]:
        return {f"user_{name}": name for name in self.output_names(())}

    def bind(self, release: Release) -> None:
        reader = self.connect(release)
        self._read: Read = lambda ids: (*reader.read(ids), False)

    def bind_tolerantly(self, release: Release) -> None:
        self._read = CircuitBreaker(lambda: self.connect(release), self.columns).read

    def transform(self, columns: Columns) -> Columns:
        users = array(columns, "user_id")
        found, known, degraded = self._read(users)
        return {**found, KNOWN: known, DEGRADED: np.full(len(users), degraded)}

    @abstractmethod
    def connect(self, release: Release) -> UserReader:
        """Opens the store, which lies outside the release; FeatureStoreError where that fails."""

    @property
    def columns(self) -> Schema:
        """What is read of a user: features, and the lists of the history."""
        lists = {"history_item": self.item_id_dtype, **HISTORY}
        history = [ColumnSchema(name, dtype, is_list=True) for name, dtype in lists.items()]
        return Schema([*Schema.from_dict(self.features), *history])
