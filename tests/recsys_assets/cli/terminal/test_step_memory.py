from __future__ import annotations

import subprocess
import sys
import time

from recsys_assets.cli.terminal.step_memory import StepMemory

MB = 2**20
CHILD = "import subprocess, sys, time; "
HOLDS = "held = bytearray(120 * 2**20); print('held', flush=True); sys.stdin.readline()"


def test_what_a_process_and_its_children_hold_is_noted_for_the_step_that_is_going() -> None:
    parent = f"{CHILD}subprocess.run([sys.executable, '-c', {('import sys; ' + HOLDS)!r}])"
    memory = StepMemory()
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        with memory.of(process.pid):
            assert process.stdout.readline() == "held\n"  # between steps
            time.sleep(0.3)
            assert memory.peaks == {}
            memory.step = "large"
            time.sleep(0.5)
            process.communicate("\n")
            memory.step = "over"
            time.sleep(0.3)
    assert 120 * MB < memory.peaks["large"] < 400 * MB
    assert memory.peaks.get("over", 0) < 120 * MB


def test_a_process_that_is_gone_takes_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        memory = StepMemory(step="after")
        with memory.of(process.pid):
            time.sleep(0.3)
    assert set(memory.peaks.values()) <= {0}
