from __future__ import annotations

from ops_gpu.logs import CleanReport


def test_the_share_leaves_filtered_rows_aside() -> None:
    report = CleanReport(rows_read=10, rows_kept=3, dropped={"null_user": 1, "null_item": 1}, filtered=5)
    assert (report.unusable, report.unusable_share) == (2, 0.4)
    assert CleanReport(rows_read=5, filtered=5).unusable_share == 0
