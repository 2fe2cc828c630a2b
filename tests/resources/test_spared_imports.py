from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
from resources.environment import quiet_libraries
quiet_libraries()
quiet_libraries()
{}
print("jax" in sys.modules)
"""


@pytest.mark.parametrize(("used", "there"), [("import tensorflow", "False"), ("import jax", "True")])
def test_jax_is_there_for_who_asks_for_it(used: str, there: str) -> None:
    pytest.importorskip("jax")
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(used)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == there


CHECKED = """
from resources.environment import quiet_libraries
quiet_libraries()
import feast, typeguard
try:
    feast.Entity(name=3)
except typeguard.TypeCheckError:
    print("checked")
else:
    print("unchecked")
"""


def test_feast_is_imported_without_its_type_checks() -> None:
    done = subprocess.run([sys.executable, "-c", CHECKED], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "unchecked"
