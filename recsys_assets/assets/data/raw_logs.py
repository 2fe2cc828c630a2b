"""Asset `raw_logs`: generated logs, for recommenders that bring none of their own."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import Any

import dagster as dg

from ops_gpu.synthetic.settings import DemoSettings
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.metadata.column_notes import IDS
from recsys_assets.metadata.tables import frame_metadata
from recsys_assets.tables.data_version import hash_files

DESCRIPTION = """Raw logs of a small world with planted tastes, as a service would export them.

Only recommenders whose YAML says `generator` have this asset. Equal settings give equal files. The truth
behind the events lies beside them (`truth.npz`) and is read by the evaluation only.
"""
NOTES = IDS | {"timestamp": "moment of the event (UTC)", "watched": "share of the film that was watched"}


def raw_logs(blueprint: Blueprint, generator: DemoSettings) -> dg.AssetsDefinition:
    """Defines the asset."""

    @blueprint.asset(
        "raw_logs",
        "data",
        DESCRIPTION,
        kinds=["python", "parquet"],
        after=[],
        code=["ops_gpu.synthetic"],
        settings={"generator": generator},
    )
    def generate() -> dg.MaterializeResult[Any]:
        from ops_gpu.synthetic import DemoData

        folder = blueprint.home.data(blueprint.name)
        data = DemoData.generate(generator)
        data.write(folder)
        version = dg.DataVersion(hash_files([folder]))
        metadata = frame_metadata(data.interactions, NOTES) | {
            "users": data.users.height,
            "items": data.items.height,
            "path": dg.MetadataValue.path(str(folder)),
        }
        return dg.MaterializeResult(metadata=metadata, data_version=version)

    return generate
