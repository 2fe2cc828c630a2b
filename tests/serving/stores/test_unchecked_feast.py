"""Feast's classes are as they were written, and those of others are checked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

CODE = """
import {first}
from serving.stores.unchecked_feast import spare_type_checks
spare_type_checks()
spare_type_checks()
import typeguard
from feast import Entity

@typeguard.typechecked
def halved(number: int) -> int:
    return number // 2

def refused(call):
    try:
        call()
    except typeguard.TypeCheckError:
        return True
    except Exception:
        pass
    return False

print(refused(lambda: Entity(name=3)), refused(lambda: halved("4")), halved(4))
"""


@pytest.mark.parametrize(
    ("first", "said"),
    [("typeguard", "False True 2"), ("feast", "True True 2")],  # what is imported already stays as it is
)
def test_feast_alone_is_not_checked(first: str, said: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"  # typeguard reads the source of what it checks
    script.write_text(CODE.format(first=first))
    command, places = [sys.executable, str(script)], {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=places)
    assert done.stdout.split("\n")[-2] == said
