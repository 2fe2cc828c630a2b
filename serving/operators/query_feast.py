"""QueryFeast: what is known of each user, from the feature store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ops_gpu.schema import ColumnSchema, Schema, Tags
from serving.feast_reader import FeastReader
from serving.operators.base import Columns, Need, ServingOperator, array

if TYPE_CHECKING:
    from serving.release import Release

HISTORY = {"history_count": "float32", "history_last": "int64", "history_positive": "float32"}
KNOWN = "known"


@dataclass
class QueryFeast(ServingOperator):
    """Reads user features and complete histories from Feast's online store, one read a batch.

    Gives the user features, the four aligned lists `history_item` (raw ids), `history_count`, `history_last`
    (epoch seconds) and `history_positive`, one entry a distinct item, oldest first, and `known`. A user who
    is not in the store, and one without an id (empty bytes), has `known` false, nulls and empty lists. A
    null is NaN, empty bytes, or for integers the least int64.

    Args:
        repository: folder of the Feast repository; a relative path starts at the release's directory.
        features: schema of the raw user features wanted, as `Schema.to_dict` writes it.
        user_id_dtype: type of raw user ids, `int64` or `string`.
        item_id_dtype: type of raw item ids, `int64` or `string`.
        view: the feature view.

    Raises:
        FeatureStoreError: by `bind` when the repository cannot be opened, by `transform` when the online
            store does not answer.

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
        return (*self._columns.names, KNOWN)

    def output_schema(self, schema: Schema) -> Schema:
        return Schema([*self._columns, ColumnSchema(KNOWN, "bool")])

    def evidence(self) -> dict[str, str]:
        return {f"user_{name}": name for name in self.output_names(())}

    def bind(self, release: Release) -> None:
        key = ColumnSchema("user_id", self.user_id_dtype, frozenset({Tags.USER_ID}))
        self._reader = FeastReader(release.outside(self.repository), self.view, key, self._columns)

    def transform(self, columns: Columns) -> Columns:
        found, known = self._reader.read(array(columns, "user_id"))
        return {**found, KNOWN: known}

    @property
    def _columns(self) -> Schema:
        lists = {"history_item": self.item_id_dtype, **HISTORY}
        history = [ColumnSchema(name, dtype, is_list=True) for name, dtype in lists.items()]
        return Schema([*Schema.from_dict(self.features), *history])
