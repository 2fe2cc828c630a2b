"""Whoever collects the tests finds the same ones in the same order: workers that found others would run none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def collected(seed: int) -> list[str]:
    """What another process collects of the whole suite, under a hash seed of its own."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-o", "addopts=", "--import-mode=importlib", "-q"]
    ended = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist", "tests"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTEST_ADDOPTS": ""},  # `-v` of whoever runs this shows no ids
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=250,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
    return [line for line in ended.stdout.splitlines() if line.startswith("tests/") and "::" in line]


@pytest.mark.long  # workers of pytest-xdist that collect other tests than their neighbours end `make test` at once
def test_two_processes_at_two_moments_collect_the_same() -> None:
    """One after the other: what an id holds of the clock, the process or the hash seed differs."""
    one, other = collected(seed=1), collected(seed=2)
    assert len(one) > 3_000
    assert len(set(one)) == len(one)
    different = sorted(set(one) ^ set(other))
    assert not different, f"collected by one of two processes only: {different[:10]}"
    assert one == other


@pytest.mark.parametrize("value", ["abc", 1, None])
def test_names_of_other_parameters_are_pytests_own(value: object, request: pytest.FixtureRequest) -> None:
    assert request.node.name.endswith(f"[{value}]")


def test_an_id_made_of_bytes_is_refused(pytestconfig: pytest.Config) -> None:
    ask = pytestconfig.hook.pytest_make_parametrize_id
    for value in (b"\x1f\x8b", bytearray(b"x"), memoryview(b"x")):
        with pytest.raises(pytest.UsageError, match=r"damage is parametrised with bytes, .*; give `ids=`"):
            ask(config=pytestconfig, val=value, argname="damage")
