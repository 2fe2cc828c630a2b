"""Whether there are events, and how many rows cannot be used."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import Any

import dagster as dg

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.metadata.tables import rounded
from recsys_assets.tables.quality_report import load_report

VOLUME = """There are events, and at most {share:.0%} of the rows read could not be used
(`quality.max_unusable_share`). Days that fail keep their earlier files; nothing below is rebuilt, and what
is live stays live."""


def volume(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """The check of `interactions`."""
    limit = blueprint.settings.quality.max_unusable_share
    description = VOLUME.format(share=limit)

    @dg.asset_check(asset=blueprint.key("interactions"), name="volume", description=description, blocking=True)
    def check() -> dg.AssetCheckResult:
        report = load_report(blueprint)
        return dg.AssetCheckResult(
            passed=bool(report["written"]),
            description=_sentence(blueprint, report, limit),
            metadata={"unusable_share": rounded(report["unusable_share"]), "rows_kept": report["rows_kept"]},
        )

    return check


def _sentence(blueprint: Blueprint, report: Any, limit: float) -> str:
    path = blueprint.place.resolve(blueprint.settings.interactions.source.path)
    days = f"{report['first_day']} to {report['last_day']}"
    kept = f"; {report['kept']:,} in all are kept, whose files are gone" if report.get("kept") else ""
    if report["written"] and report["rows_kept"] == 0:
        return f"'{path}' holds no events of {days} any more; days that are empty now: {report['emptied']}{kept}."
    if report["rows_kept"] == 0 and report["filtered"]:
        texts = ", ".join(f"'{condition.text}'" for condition in blueprint.settings.interactions.conditions)
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
