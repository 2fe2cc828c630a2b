"""Checks of the raw data in its canonical form: contract, volume, and ids that meet."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from ops_gpu.logs import EntityTable
from ops_gpu.logs.values.id_values import IdType
from ops_gpu.logs.values.identifiers import IdTypes, id_dtype
from recsys_assets.assets.data.entities import Kind, known_file
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json
from recsys_assets.metadata.tables import rounded
from recsys_assets.tables.id_types import decided_id_types
from recsys_assets.tables.quality_report import load_report

if TYPE_CHECKING:
    import polars as pl

    from ops_gpu.logs.known_ids import KnownIds

CONTRACT = """The columns that everything below reads are there, with the types that were decided when this
recommender was first built, and without nulls. Fails when a source changed its layout or the type of its ids:
an id that changes its type would be another id. That needs a word of the YAML (`user_id_type`, `item_id_type`)."""
ROLES: dict[str, tuple[str, ...]] = {"interactions": ("user", "item"), "users": ("user",), "items": ("item",)}
KNOWN = """Ids of the log are found in the {kind} table: at least {share:.0%} of them (`quality.min_known_share`). A
table whose ids are written otherwise (`0001` for `1`) gives no user and no item any feature, and nothing else would say
so. A table that fails keeps its earlier file; nothing below is rebuilt, and what is live stays live."""
ALIKE_AS_INTEGERS = ("leading zeros", "blanks around", "decimals, such as 17.0 for 17")
VOLUME = """There are events, and at most {share:.0%} of the rows read could not be used
(`quality.max_unusable_share`). Days that fail keep their earlier files; nothing below is rebuilt, and what
is live stays live."""


def data_checks(plan: Blueprint) -> list[dg.AssetChecksDefinition]:
    """The checks of `interactions`, `users` and `items`."""
    tables: tuple[tuple[Kind, EntityTable | None], ...] = (
        ("users", plan.settings.users),
        ("items", plan.settings.items),
    )
    return [
        _contract(plan, "interactions"),
        _contract(plan, "users"),
        _contract(plan, "items"),
        _volume(plan),
        *(_known(plan, kind, table.source.path) for kind, table in tables if table and table.source),
    ]


def _contract(plan: Blueprint, asset: str) -> dg.AssetChecksDefinition:

    @dg.asset_check(asset=plan.key(asset), name="contract", description=CONTRACT, blocking=True)
    def check() -> dg.AssetCheckResult:
        import polars as pl

        types, changed = decided_id_types(plan)
        wanted, paths = _columns(types, asset), _files(plan, asset)
        problems = [problem for path in paths for problem in _problems(pl.scan_parquet(path), wanted, path.name)]
        problems = [*_unsaid(changed, asset), *problems]
        problems = problems if paths else [f"there is no file of {asset}, expected one at least; materialize {asset}"]
        found = "; ".join(problems[:5]) or f"{len(paths)} files hold {', '.join(wanted)}"
        return dg.AssetCheckResult(passed=not problems, description=found, metadata={"files": len(paths)})

    return check


def _columns(ids: IdTypes, asset: str) -> "dict[str, pl.DataType]":
    import polars as pl

    user, item = id_dtype(ids.user), id_dtype(ids.item)
    return {
        "interactions": {
            "user_id": user,
            "item_id": item,
            "timestamp": pl.Datetime("us"),
            "label": pl.Boolean(),
        },
        "users": {"user_id": user},
        "items": {"item_id": item, "available": pl.Boolean()},
    }[asset]


def _unsaid(changed: Mapping[str, IdType], asset: str) -> list[str]:
    """What is to be said in the YAML, where the files that it names now give ids another type."""
    return [
        f"{role} ids were decided to be of type {_other(found)} and are of type {found} in the files that the YAML "
        f"names now; nothing changes until it says which: {role}_id_type: {found} for other ids than before, or "
        f"{role}_id_type: {_other(found)} to stay with those that there are"
        for role, found in changed.items()
        if role in ROLES[asset]
    ]


def _other(kind: IdType) -> IdType:
    return "string" if kind == "integer" else "integer"


def _files(plan: Blueprint, asset: str) -> list[Any]:
    if asset == "interactions":
        return sorted(plan.home.interactions_folder(plan.name).glob("*.parquet"))
    path = plan.home.users(plan.name) if asset == "users" else plan.home.items(plan.name)
    return [path] if path.exists() else []


def _problems(frame: "pl.LazyFrame", wanted: "dict[str, pl.DataType]", file: str) -> list[str]:
    """What is wrong with one file, in words."""
    import polars as pl

    schema = frame.collect_schema()
    missing = [f"{file} has no column '{name}'" for name in wanted if name not in schema]
    if missing:
        return missing
    wrong = [
        f"column '{name}' of {file} is {schema[name]}, expected {dtype}"
        for name, dtype in wanted.items()
        if schema[name] != dtype
    ]
    nulls = frame.select(pl.col(list(wanted)).null_count()).collect().row(0)
    return wrong + [f"column '{name}' of {file} has {n} nulls" for name, n in zip(wanted, nulls, strict=True) if n]


def _known(plan: Blueprint, kind: Kind, path: str) -> dg.AssetChecksDefinition:
    limit = plan.settings.quality.min_known_share
    description = KNOWN.format(kind=kind, share=limit)

    @dg.asset_check(asset=plan.key(kind), name="known_ids", description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        from ops_gpu.logs.known_ids import KnownIds

        noted = read_json(known_file(kind, plan))
        if noted is None:  # an older version read the table last
            return dg.AssetCheckResult(passed=True, description=f"not compared yet; materialize {kind} to do so")
        found = KnownIds.from_dict(noted)
        passed = found.share >= limit
        sentence = f"{found.known:,} of the {found.of_log:,} ids of {kind} in the log are in their table."
        return dg.AssetCheckResult(
            passed=passed,
            description=sentence if passed else _unknown(kind, plan.place.resolve(path), found, limit),
            metadata={"known_share": rounded(found.share), "ids_of_log": found.of_log},
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


def _volume(plan: Blueprint) -> dg.AssetChecksDefinition:
    limit = plan.settings.quality.max_unusable_share
    description = VOLUME.format(share=limit)

    @dg.asset_check(asset=plan.key("interactions"), name="volume", description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        report = load_report(plan)
        return dg.AssetCheckResult(
            passed=bool(report["written"]),
            description=_sentence(plan, report, limit),
            metadata={"unusable_share": rounded(report["unusable_share"]), "rows_kept": report["rows_kept"]},
        )

    return check


def _sentence(plan: Blueprint, report: Any, limit: float) -> str:
    path = plan.place.resolve(plan.settings.interactions.source.path)
    days = f"{report['first_day']} to {report['last_day']}"
    kept = f"; {report['kept']:,} in all are kept, whose files are gone" if report.get("kept") else ""
    if report["written"] and report["rows_kept"] == 0:
        return f"'{path}' holds no events of {days} any more; days that are empty now: {report['emptied']}{kept}."
    if report["rows_kept"] == 0 and report["filtered"]:
        texts = ", ".join(f"'{condition.text}'" for condition in plan.settings.interactions.conditions)
        return (
            f"The filters ({texts}) leave out {report['filtered']:,} of the {report['rows_read']:,} rows read from "
            f"'{path}' and no usable event of {days} is left, expected at least one; correct interactions.filters, "
            "or mend the file."
        )
    if report["rows_kept"] == 0:
        return (
            f"'{path}' holds no usable event from {days}, expected at least one; check that the log covers "
            "these days, or materialize others."
        )
    share, reasons = report["unusable_share"], ", ".join(f"{k} {v}" for k, v in report["dropped"].items())
    if not report["written"]:
        return (
            f"{share:.1%} of the rows read from '{path}' for {days} cannot be used ({reasons}{_examples(report)}), "
            f"expected at most {limit:.0%}; mend the file, filter these rows, or raise quality.max_unusable_share."
        )
    return f"{report['rows_kept']:,} events from {days}; {share:.2%} of the rows read could not be used{kept}."


def _examples(report: Any) -> str:
    found = list(report.get("examples", {}).values())
    return f"; for example {', '.join(found[:3])}" if found else ""
