"""External assets `raw_interactions`, `raw_users` and `raw_items`: the files that somebody else writes."""

from __future__ import annotations

import dagster as dg

from recsys_assets.blueprint.asset_names import RAW
from recsys_assets.blueprint.blueprint import Blueprint

DESCRIPTION = """The raw files of {kind}, as whoever exports them writes them: `{path}`.

Nothing here makes them. The sensor tells when their content changes, and so does every run that reads them; the data
version is that of the content."""


def raw_files(blueprint: Blueprint) -> list[dg.AssetSpec]:
    """One asset for each source that the YAML names."""
    settings = blueprint.settings
    sources = {"interactions": settings.interactions.source}
    sources |= {
        kind: table.source
        for kind, table in (("users", settings.users), ("items", settings.items))
        if table is not None and table.source is not None
    }
    return [
        dg.AssetSpec(
            key=blueprint.key(RAW[kind]),
            deps=[blueprint.key("raw_logs")] if settings.generator is not None else [],
            description=DESCRIPTION.format(kind=kind, path=source.path),
            group_name=f"{blueprint.identifier}_data",
            kinds={"file"},
            owners=list(settings.owners),
            tags={"recommender": blueprint.name, "stage": "data"},
            metadata={"path": source.path},
        )
        for kind, source in sources.items()
    ]
