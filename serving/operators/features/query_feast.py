"""QueryFeast: what is known of each user, from the feature store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.tags import Tags
from serving.operators.features.query_users import QueryUsers
from serving.stores.feast_reader import FeastReader

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class QueryFeast(QueryUsers):
    """Reads user features and complete histories from Feast's online store; see `QueryUsers` for what it gives.

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

    repository: str
    features: Mapping[str, Any]
    user_id_dtype: str = "int64"
    item_id_dtype: str = "int64"
    view: str = "users"

    def connect(self, release: Release) -> FeastReader:
        key = ColumnSchema("user_id", self.user_id_dtype, frozenset({Tags.USER_ID}))
        return FeastReader(release.outside(self.repository), self.view, key, self.columns)
