"""QueryFeast: what is known of each user, from the feature store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ops_gpu.schema import ColumnSchema, Schema, Tags
from serving.feast_reader import FeastReader
from serving.operators.base import Columns, Need, ServingOperator, array
from serving.tolerant_reader import TolerantReader

if TYPE_CHECKING:
    from serving.release import Release

HISTORY = {"history_count": "float32", "history_last": "int64", "history_positive": "float32"}
KNOWN, DEGRADED = "known", "degraded"
Read = Callable[[npt.NDArray[Any]], tuple[Columns, npt.NDArray[np.bool_], bool]]


@dataclass
class QueryFeast(ServingOperator):
    """Reads user features and complete histories from Feast's online store, one read a batch.

    Gives the user features, the four aligned lists `history_item` (raw ids), `history_count`, `history_last`
    (epoch seconds) and `history_positive`, one entry a distinct item, oldest first, and `known`. A user who
    is not in the store, and one without an id (empty bytes), has `known` false, nulls and empty lists. A
    null is NaN, empty bytes, or for integers the least int64.

    Where it is bound tolerantly and the store cannot be read, all users of the batch are taken for unknown and
    have `degraded` true; see `TolerantReader`.

    Args:
        repository: folder of the Feast repository; a relative path starts at the release's directory.
        features: schema of the raw user features wanted, as `Schema.to_dict` writes it.
        user_id_dtype: type of raw user ids, `int64` or `string`.
        item_id_dtype: type of raw item ids, `int64` or `string`.
        view: the feature view.

    Raises:
        FeatureStoreError: by `bind` when the repository cannot be opened, by `transform` when the online
            store does not answer; neither where it is bound tolerantly.

    Example:
        >>> user = ["user_id"] >> QueryFeast("../../../feast/demo", raw_users.to_dict())
    """

    stage: ClassVar[str] = "features"

    repository: str
    features: Mapping[str, Any]
    user_id_dtype: str = "int64"
    item_id_dtype: str = "int64"
    view: str = "users"

    def needs(self) -> tuple[Need, ...]:
        return (Need("user_id", (self.user_id_dtype,)),)

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*self._columns.names, KNOWN, DEGRADED)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([*self._columns, ColumnSchema(KNOWN, "bool"), ColumnSchema(DEGRADED, "bool")])

    def evidence(self) -> dict[str, str]:
        return {f"user_{name}": name for name in self.output_names(())}

    def bind(self, release: Release) -> None:
        reader = self._connect(release.outside(self.repository))
        self._read: Read = lambda ids: (*reader.read(ids), False)

    def bind_tolerantly(self, release: Release) -> None:
        place, columns = release.outside(self.repository), self._columns
        self._read = TolerantReader(lambda: self._connect(place), columns).read

    def transform(self, columns: Columns) -> Columns:
        users = array(columns, "user_id")
        found, known, degraded = self._read(users)
        return {**found, KNOWN: known, DEGRADED: np.full(len(users), degraded)}

    def _connect(self, place: Path) -> FeastReader:
        key = ColumnSchema("user_id", self.user_id_dtype, frozenset({Tags.USER_ID}))
        return FeastReader(place, self.view, key, self._columns)

    @property
    def _columns(self) -> Schema:
        return user_columns(self.features, self.item_id_dtype)


def user_columns(features: Mapping[str, Any], item_id_dtype: str) -> Schema:
    """What is told of a user: features, and the lists of the history."""
    lists = {"history_item": item_id_dtype, **HISTORY}
    history = [ColumnSchema(name, dtype, is_list=True) for name, dtype in lists.items()]
    return Schema([*Schema.from_dict(features), *history])
