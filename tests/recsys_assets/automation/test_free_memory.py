from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import dagster as dg
import psutil
import pytest

from recsys_assets.automation import executor as module
from recsys_assets.automation.executor import OneRunAtATime
from recsys_assets.automation.free_memory import give_back
from resources.home import Home

BLOCKS, SIZE = 100_000, 2_000


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def test_what_was_freed_is_given_back() -> None:
    blocks = [bytes(SIZE) for _ in range(BLOCKS)]
    last = blocks[-1]  # what lies above keeps the allocator from giving back what is below by itself
    held = resident()
    del blocks
    give_back()
    assert resident() < held - BLOCKS * SIZE // 2 and len(last) == SIZE


def test_every_step_gives_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    given, steps = list[int](), [True, False, True]
    monkeypatch.setattr(module, "give_back", lambda: given.append(1))
    context: Any = SimpleNamespace(
        dagster_run=dg.DagsterRun(job_name="x", asset_selection=frozenset({dg.AssetKey(["shop", "items"])})),
        job=SimpleNamespace(get_definition=lambda: SimpleNamespace(asset_layer=SimpleNamespace())),
        log=SimpleNamespace(warning=print),
    )
    inner: Any = SimpleNamespace(execute=lambda *_: (SimpleNamespace(is_step_success=done) for done in steps))
    plan: Any = None
    assert [event.is_step_success for event in OneRunAtATime(inner, home).execute(context, plan)] == steps
    assert len(given) == 2
