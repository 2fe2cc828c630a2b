"""What reading a raw log left out, as metadata."""

from __future__ import annotations

from typing import Any

import dagster as dg

from ops_gpu.logs import CleanReport
from recsys_assets.metadata.tables import rounded, table


def report_metadata(report: CleanReport) -> dict[str, Any]:
    """Counts of rows read, kept and left out by reason, with the first example of each reason."""
    rows = [[reason, count, report.examples.get(reason)] for reason, count in report.dropped.items()]
    rows += [["filtered", report.filtered, None]] if report.filtered else []
    rows += [["duplicate", report.duplicates, None]] if report.duplicates else []
    rows += [[f"unreadable {name}", count, None] for name, count in report.unreadable_values.items()]
    rows += [["file cannot be read", None, error] for error in report.unread_files.values()]
    header = ["left out because", "rows", "for example"]
    known = report.known
    if known is not None and known.share < 1:
        of = f"{known.of_log - known.known:,} of {known.of_log:,} ids of the log"
        rows += [["not in the table", of, ", ".join(known.only_log)]]
    found = dg.MetadataValue.md(table(header, rows) if rows else "nothing")
    shares = {} if known is None else {"known_share": rounded(known.share)}
    return {
        "rows_read": report.rows_read,
        "rows_kept": report.rows_kept,
        "rows_added": report.added,
        "unusable_share": rounded(report.unusable_share),
        "left_out": found,
        **shares,
    }
