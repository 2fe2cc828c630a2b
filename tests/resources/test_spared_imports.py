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
print({!r} in sys.modules)
"""


@pytest.mark.parametrize(
    ("package", "used", "there"),
    [
        ("jax", "import keras", "False"),
        ("jax", "import jax", "True"),
        ("sklearn", "import keras", "False"),
        ("sklearn", "import keras, sklearn", "True"),
        ("matplotlib.pyplot", "import matplotlib, keras", "False"),
        ("matplotlib.pyplot", "import keras, matplotlib.pyplot", "True"),
    ],
)
def test_what_is_imported_in_passing_is_there_for_who_asks_for_it(package: str, used: str, there: str) -> None:
    pytest.importorskip(package)
    code = CODE.format(used, package)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
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
