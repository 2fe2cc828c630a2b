"""Asset `feature_store`: what the live answer knows of a user."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from recsys_assets.automation.conditions import RebuildCondition
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.blueprint.user_errors import user_errors
from recsys_assets.metadata.tables import table
from recsys_assets.tables.days.item_days import ItemDays
from recsys_assets.tables.tables import event_files, items_frame, last_midnight, scan_events, users_frame
from resources.feature_store import FeatureStoreResource

CODE = ["feature_repo.repository", "feature_repo.users.changed_users", "resources.feature_store"]
DESCRIPTION = """Feast: the features and the complete history of every user, offline (all versions, by event
time) and online (the newest). Its views are generated from the columns of the tables. Only rows that
changed are written, offline and online, and of a new day only the histories of its users are made.
"""


def feature_store(blueprint: Blueprint, condition: RebuildCondition) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "feature_store",
        "features",
        DESCRIPTION,
        kinds=["feast", "sqlite"],
        after=["interactions", "item_state", "users", "items"],
        code=CODE,
        condition=condition,
    )
    def publish(feature_store: FeatureStoreResource) -> dg.MaterializeResult[Any]:
        from feature_repo.users.log_days import LogDays
        from ops_gpu.interactions.days.day_stamp import day_stamp

        files, code = event_files(blueprint), code_version(CODE)
        contents = {date.fromisoformat(path.stem): f"{code} {day_stamp(path)}" for path in files}
        events = scan_events(files)
        with user_errors(ValueError):
            moment = last_midnight(files)
            as_of = datetime.fromtimestamp(moment, UTC)
            tables = users_frame(blueprint, for_filters=True), items_frame(blueprint, for_filters=True)
            days = LogDays(contents, ItemDays(blueprint).past().users_before(max(contents) + timedelta(1)))
            written = feature_store.publish(blueprint.name, *tables, events, as_of, days)
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
