"""Triton runs a process for every model of the form `ensemble`: what begins them imports what all of them need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from serving.triton.entry import MODELS

HEAVY = {"faiss", "keras", "numba", "polars", "scipy", "tensorflow"}


@pytest.mark.parametrize("kind", ["request", "step"])
def test_what_a_model_begins_with_is_light(kind: str) -> None:
    """A release's own operators bring what they compute with, and no model what others compute with."""
    code = f"import sys, serving.triton.python_backend.{MODELS[kind]}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert f"serving.triton.python_backend.{MODELS[kind]}" in loaded
    assert not loaded & HEAVY
