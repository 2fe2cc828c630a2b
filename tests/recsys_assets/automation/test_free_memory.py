from __future__ import annotations

import gc
import subprocess
import sys
import time
import weakref
from types import SimpleNamespace
from typing import Any

import dagster as dg
import psutil
import pytest

from recsys_assets.automation import free_memory
from recsys_assets.automation.executor import OneRunAtATime
from recsys_assets.automation.free_memory import GiveBack, give_back
from resources.home import Home

BLOCKS, SIZE = 100_000, 2_000


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


LARGE = """
import psutil, numpy as np
from recsys_assets.automation.free_memory import keep_little
keep_little()
def resident():
    return psutil.Process().memory_info().rss
del_first = np.ones(30 << 20, np.uint8)  # the largest block that was freed decides, where nobody says otherwise
del del_first
blocks = [np.ones(8 << 20, np.uint8) for _ in range(25)]
last, held = blocks.pop(), resident()
del blocks
print((held - resident()) >> 20)
"""


def test_what_was_freed_is_given_back() -> None:
    blocks = [bytes(SIZE) for _ in range(BLOCKS)]
    last = blocks[-1]  # what lies above keeps the allocator from giving back what is below by itself
    held = resident()
    del blocks
    give_back()
    assert resident() < held - BLOCKS * SIZE // 2 and len(last) == SIZE


def test_what_refers_to_itself_is_found() -> None:
    class Circle:
        def __init__(self) -> None:
            self.itself = self

    gc.disable()
    try:
        seen = weakref.ref(Circle())
        assert seen() is not None
        give_back()
        assert seen() is None
    finally:
        gc.enable()


def test_large_blocks_are_given_back_as_they_are_freed() -> None:
    """Without the setting nothing is given back, where the heap lies so that it can grow."""
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) >= 190


def test_giving_back_takes_a_tenth_of_the_time_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]

    def takes_two_seconds() -> None:
        now[0] += 2.0

    monkeypatch.setattr(free_memory, "give_back", takes_two_seconds)
    given, found = GiveBack(lambda: now[0]), list[bool]()
    for pause in (0.0, 0.0, 17.9, 0.2, 1.0):
        now[0] += pause
        found.append(given())
    assert found == [True, False, False, True, False]


def test_every_step_gives_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    given, steps = list[int](), [True, False, True]
    monkeypatch.setattr(free_memory, "give_back", lambda: given.append(1))
    context: Any = SimpleNamespace(
        dagster_run=dg.DagsterRun(job_name="x", asset_selection=frozenset({dg.AssetKey(["shop", "items"])})),
        job=SimpleNamespace(get_definition=lambda: SimpleNamespace(asset_layer=SimpleNamespace())),
        log=SimpleNamespace(warning=print),
    )
    inner: Any = SimpleNamespace(
        execute=lambda *_: (SimpleNamespace(is_step_success=done) for done in steps if time.sleep(0.01) is None)
    )
    plan: Any = None
    assert [event.is_step_success for event in OneRunAtATime(inner, home).execute(context, plan)] == steps
    assert len(given) == 2
