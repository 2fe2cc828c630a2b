from __future__ import annotations

import io

from rich.console import Console

from recsys_assets.cli.terminal.progress import Progress

RUN = "3ab4b1e6-6d0a-4c0a-9b5a-111111111111"


def line(rest: str) -> str:
    return f"2026-11-23 09:16:52 +0000 - dagster - DEBUG - __ASSET_JOB - {RUN} - {rest}\n"


LINES = [
    "some library's words\n",
    line("5772 - RUN_START - Started execution of run."),
    line('5772 - shop__users - STEP_START - Started execution of step "shop__users".'),
    line('5772 - shop__users - STEP_SUCCESS - Finished execution of step "shop__users" in 196ms.'),
    line('5772 - shop__items - STEP_START - Started execution of step "shop__items".'),
    line('5772 - shop__items - STEP_FAILURE - Execution of step "shop__items" failed.'),
    line("5772 - shop__release - STEP_SKIPPED - Skipped."),
    line("5772 - shop__users_contract - STEP_SUCCESS - Finished."),
    line("5772 - shop__served_requests_served_whole - STEP_SUCCESS - Finished."),
]


def test_steps_are_told_and_the_run_is_known() -> None:
    out = io.StringIO()
    progress = Progress()
    last = progress.follow(LINES, Console(file=out, width=80), "shop__")
    assert progress.run_id == RUN
    assert list(progress.seconds) == [
        "shop__users",
        "shop__users_contract",
        "shop__served_requests_served_whole",
    ]
    assert progress.failed == ["shop__items"]
    printed = out.getvalue()
    assert "✓ users" in printed
    assert "✗ items" in printed
    assert "release (left out)" in printed
    assert "✓ users: contract" in printed
    assert "✓ served_requests: served_whole" in printed
    assert last[0] == "some library's words"


def test_only_the_last_lines_are_kept() -> None:
    last = Progress().follow((f"{number}\n" for number in range(500)), Console(file=io.StringIO()), "")
    assert len(last) < 100
    assert last[-1] == "499"
