"""Whether ids of the log are found in the tables."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import TYPE_CHECKING

import dagster as dg

from recsys_assets.assets.data.entities import Kind, known_file
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json
from recsys_assets.metadata.tables import rounded

if TYPE_CHECKING:
    from ops_gpu.logs.values.known_ids import KnownIds


KNOWN = """Ids of the log are found in the {kind} table: at least {share:.0%} of them (`quality.min_known_share`). A
table whose ids are written otherwise (`0001` for `1`) gives no user and no item any feature, and nothing else would say
so. A table that fails keeps its earlier file; nothing below is rebuilt, and what is live stays live."""


ALIKE_AS_INTEGERS = ("leading zeros", "blanks around", "decimals, such as 17.0 for 17")


def known_ids(blueprint: Blueprint, kind: Kind, path: str) -> dg.AssetChecksDefinition:
    """The check of a table whose files lie at `path`."""
    limit = blueprint.settings.quality.min_known_share
    description = KNOWN.format(kind=kind, share=limit)

    @dg.asset_check(asset=blueprint.key(kind), name="known_ids", description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        from ops_gpu.logs.values.known_ids import KnownIds

        noted = read_json(known_file(kind, blueprint))
        if noted is None:  # an older version read the table last
            return dg.AssetCheckResult(passed=True, description=f"not compared yet; materialize {kind} to do so")
        known_ids = KnownIds.from_dict(noted)
        passed = known_ids.share >= limit
        sentence = f"{known_ids.known:,} of the {known_ids.of_log:,} ids of {kind} in the log are in their table."
        return dg.AssetCheckResult(
            passed=passed,
            description=sentence if passed else _unknown(kind, blueprint.place.resolve(path), known_ids, limit),
            metadata={"known_share": rounded(known_ids.share), "ids_of_log": known_ids.of_log},
        )

    return check


def _unknown(kind: Kind, path: str, found: "KnownIds", limit: float) -> str:
    """Why the table does not fit the log, with examples of each side."""
    role, some = kind.removesuffix("s"), f"{found.known:,}" if found.known else "None"
    log, table = (", ".join(ids) or "no other" for ids in (found.only_log, found.only_table))
    likely = f" They look alike but for {found.likely}:" if found.likely else " Check that both mean the same ids:"
    remedy = f"say {role}_id_type: integer, or write" if found.likely in ALIKE_AS_INTEGERS else "write"
    return (
        f"{some} of the {found.of_log:,} {role} ids of the log {'is' if found.known < 2 else 'are'} in '{path}', "
        f"expected at least {limit:.0%}; the log has {log}, the table {table}.{likely} {remedy} them alike, or lower "
        f"quality.min_known_share."
    )
