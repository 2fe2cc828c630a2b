"""Asset `feature_store`: what the live answer knows of a user."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.metadata.tables import table
from recsys_assets.tables.tables import event_span, items_frame, scan_interactions, users_frame
from resources.feature_store import FeatureStoreResource

DESCRIPTION = """Feast: the features and the complete history of every user, offline (all versions, by event
time) and online (the newest). Its views are generated from the columns of the tables. Only rows that
changed are written online, so a new day costs what it changed.
"""


def feature_store(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "feature_store",
        "features",
        DESCRIPTION,
        kinds=["feast", "sqlite"],
        after=["interactions", "users", "items"],
        code=["feature_repo.repository", "feature_repo.user_state", "resources.feature_store"],
        condition=condition,
    )
    def publish(feature_store: FeatureStoreResource) -> dg.MaterializeResult[Any]:
        events = scan_interactions(blueprint)
        with user_errors(ValueError):
            moment = event_span(events)[1]
            as_of = datetime.fromtimestamp(moment, UTC)
            tables = users_frame(blueprint, for_filters=True), items_frame(blueprint, for_filters=True)
            written = feature_store.publish(blueprint.name, *tables, events, as_of)
        rows = [[kind, w.rows, w.changed, w.removed, w.versions] for kind, w in written.items()]
        header = ["view", "rows online", "written now", "removed", "versions offline"]
        return dg.MaterializeResult(
            metadata={
                "as_of": dg.MetadataValue.timestamp(as_of),
                "online_store": feature_store.online_store,
                "written": dg.MetadataValue.md(table(header, rows)),
            },
            data_version=dg.DataVersion(f"{moment}-{sum(w.versions for w in written.values())}"),
        )

    return publish
