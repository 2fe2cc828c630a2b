from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.workflow.workflow import Workflow
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import failure, materialize

ALL = ["interactions", "users", "items", "statistics", "item_state", "workflow", "schema", "features"]
ROOT = Path(__file__).parents[4]
FIRST = date(2024, 1, 1)
KINDS = ("interactions", "item_state/*", "features")
LAST, CORRECTED = FIRST + timedelta(19), FIRST + timedelta(5)
RUN = """
import sys
from pathlib import Path
from tests.recsys_assets.runs import materialize
print("ready", flush=True)
materialize(Path(sys.argv[1]), sys.argv[3:], sys.argv[2])
print("made", flush=True)
"""

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, home: Home, *days: str) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(home.root))
    monkeypatch.delenv("RECSYS_RECOMMENDERS", raising=False)
    result = materialize(folder, ALL, *days)
    assert result.success, failure(result)


def rows(home: Home) -> dict[str, pl.DataFrame]:
    """Everything that is made day by day, with ids for codes: a fit that was cut off gives them out anew."""
    root, workflow = home.recommender("shop"), Workflow.load(home.workflow("shop"))
    found = {}
    for path in (
        path for kind in ("interactions", "item_state/*", "features") for path in root.glob(f"{kind}/*.parquet")
    ):
        frame = pl.read_parquet(path)
        if path.parent.name == "features":
            ids = [workflow.invert(name, frame[name]) for name in ("user_id", "item_id")]
            frame = frame.drop("kind", "history").with_columns(ids)
        found[str(path.relative_to(root))] = frame
    return found


def killed(folder: Path, home: Home, seconds: float) -> bool:
    """Starts a run of the corrected day and kills it after so many seconds; whether it was still going."""
    command = [sys.executable, "-c", RUN, str(folder), str(CORRECTED), *ALL]
    environment = {**os.environ, "RECSYS_HOME": str(home.root), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        assert run.stdout is not None and run.stdout.readline() == "ready\n"
        time.sleep(seconds)
        run.kill()
        return "made" not in run.stdout.read()


def test_days_come_to_the_same_whenever_a_run_was_killed(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        write_day(shop, FIRST + timedelta(number), rows=30)
    whole, cut = Home(tmp_path / "whole"), Home(tmp_path / "cut")
    for home in (whole, cut):
        made(shop, monkeypatch, home, str(FIRST), str(LAST))
    before = rows(cut)
    write_day(shop, CORRECTED, rows=17)
    made(shop, monkeypatch, whole, str(CORRECTED))
    going = [killed(shop, cut, 0.25 + 0.5 * number) for number in range(10)]
    assert any(going)
    made(shop, monkeypatch, cut, str(CORRECTED))
    expected, found = rows(whole), rows(cut)
    assert set(found) == set(expected) and len(found) == 3 * 20
    for name, frame in expected.items():
        assert found[name].equals(frame), name
    assert sum(not before[name].equals(frame) for name, frame in found.items()) >= 2 + 15
