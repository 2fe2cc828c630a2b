"""A release, as metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from recsys_assets.metadata.tables import rounded, table

if TYPE_CHECKING:
    from serving.release.release import Release


def release_metadata(release: Release) -> dict[str, Any]:
    """First digits of the hash (the path has all of it), place, sizes, and the data versions it came from."""
    sizes: dict[str, int] = {}
    for name, file in release.manifest.files.items():
        part = name.partition("/")[0]
        sizes[part] = sizes.get(part, 0) + file.size
    parts = [[part, f"{size / 1024:,.0f} kB"] for part, size in sorted(sizes.items())]
    return {
        "release": release.hash[:12],
        "path": dg.MetadataValue.path(str(release.path)),
        "megabytes": rounded(release.manifest.size / 1024**2, 3),
        "parts": dg.MetadataValue.md(table(["part", "size"], parts)),
        "data_versions": dg.MetadataValue.json(dict(release.manifest.metadata.data_versions)),
    }
