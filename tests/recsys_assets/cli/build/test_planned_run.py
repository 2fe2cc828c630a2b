from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from recsys_assets.cli.build.wishes import ERROR, PLAN, Wishes, command, plan_in, tell
from resources.dagster_home import dagster_environment
from resources.home import Home


def test_what_cannot_be_planned_is_told_in_a_sentence(tmp_path: Path) -> None:
    environment = dagster_environment(Home(tmp_path))
    done = subprocess.run(command("nobody", Wishes()), env=environment, capture_output=True, text=True, check=False)
    [told] = [found for line in done.stdout.splitlines() if (found := plan_in(line)) is not None]
    assert done.returncode == 1
    assert told["error"].startswith("There is no recommender 'nobody'")
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr


def test_other_lines_say_nothing_of_the_plan() -> None:
    assert plan_in("2026-01-01 - dagster - INFO - ...") is None
    assert plan_in(PLAN + json.dumps({"days": ["a", "b"], "sentences": []})) == {"days": ["a", "b"], "sentences": []}
    assert plan_in(ERROR + json.dumps("no")) == {"error": "no"}


def test_a_plan_is_read_whatever_was_printed_before(capsys: pytest.CaptureFixture[str]) -> None:
    sys.stdout.write("loading models ...")
    tell(PLAN, {"days": ["a", "b"]})
    assert [plan_in(line) for line in capsys.readouterr().out.splitlines()] == [None, {"days": ["a", "b"]}]


@pytest.mark.parametrize("heavy", ["dagster", "polars", "numpy", "tensorflow"])
def test_the_waiting_command_holds_nothing_that_only_runs_need(heavy: str) -> None:
    code = f"import sys; import recsys_assets.cli; print({heavy!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
