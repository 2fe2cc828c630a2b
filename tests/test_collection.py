"""Whoever collects the tests finds the same ones in the same order: workers that found others would run none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def collecting(seed: int) -> subprocess.Popen[str]:
    """Another process that collects the whole suite, under a hash seed of its own."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-o", "addopts=", "--import-mode=importlib", "-q"]
    return subprocess.Popen(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist", "tests"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def collected(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=500)
    assert process.returncode == 0, output[-3000:]
    return [line for line in output.splitlines() if line.startswith("tests/") and "::" in line]


@pytest.mark.long  # workers of pytest-xdist that collect other tests than their neighbours end `make test` at once
def test_two_processes_at_two_moments_collect_the_same(request: pytest.FixtureRequest) -> None:
    """This session is one of the two where it has collected everything; collecting takes as long as 500 tests run."""
    processes = [collecting(seed=1)]
    mine = [item.nodeid for item in request.session.items]
    if {Path(name).resolve() for name in request.config.args} == {ROOT / "tests"} and not request.config.option.keyword:
        chosen = set(mine)  # without those that a mark has deselected
        others = [[name for name in collected(processes[0]) if name in chosen]]
    else:
        processes.append(collecting(seed=2))
        mine, *others = [collected(process) for process in processes]
    assert len(mine) > 3_000
    assert len(set(mine)) == len(mine)
    for other in others:
        different = sorted(set(mine) ^ set(other))
        assert not different, f"collected by one of two processes only: {different[:10]}"
        assert mine == other


@pytest.mark.parametrize("value", ["abc", 1, None])
def test_names_of_other_parameters_are_pytests_own(value: object, request: pytest.FixtureRequest) -> None:
    assert request.node.name.endswith(f"[{value}]")


def test_an_id_made_of_bytes_is_refused(pytestconfig: pytest.Config) -> None:
    ask = pytestconfig.hook.pytest_make_parametrize_id
    for value in (b"\x1f\x8b", bytearray(b"x"), memoryview(b"x")):
        with pytest.raises(pytest.UsageError, match=r"damage is parametrised with bytes, .*; give `ids=`"):
            ask(config=pytestconfig, val=value, argname="damage")
