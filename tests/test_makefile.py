"""The environment of a checkout that is moved or renamed, with a Python that makes an empty one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
echo made >> "$(dirname "$0")/made"
mkdir -p .venv/bin
for program in python uv; do printf '#!/bin/sh\\nexit 0\\n' > .venv/bin/$program; chmod +x .venv/bin/$program; done
printf 'home = /usr/bin\\ncommand = /usr/bin/python3.11 -m venv %s/.venv\\n' "$(pwd -P)" > .venv/pyvenv.cfg
"""
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def python(tmp_path: Path) -> Path:
    program = tmp_path / "python"
    program.write_text(PYTHON)
    program.chmod(0o755)
    return program


def made(checkout: Path, python: Path) -> str:
    done = subprocess.run(
        ["make", "venv", f"PYTHON={python}"], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "of an earlier version"])
@pytest.mark.parametrize(
    "name", ["plain", "My Projects", "größer", "100% #1 $HOME", 'it\'s "q"', "a;b&c(d)"], ids=range(6)
)
def test_an_environment_that_was_moved_is_made_anew(tmp_path: Path, python: Path, name: str, noted: bool) -> None:
    checkout = tmp_path / name / "recsys"
    checkout.mkdir(parents=True)
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / file, checkout)
    made(checkout, python)
    if not noted:
        (checkout / ".venv" / ".installed").write_text("")
    assert "anew" not in made(checkout, python), "it is where it was"
    assert (tmp_path / "made").read_text().splitlines() == ["made"]
    (checkout / ".venv" / "stale").touch()
    moved = checkout.rename(tmp_path / f"{name} 2")
    assert f"The environment was made in {checkout}, and is made anew here." in made(moved, python)
    assert not (moved / ".venv" / "stale").exists()
    assert (moved / ".venv" / ".installed").read_text().strip() == str(moved)
    assert "anew" not in made(moved, python)
    assert (tmp_path / "made").read_text().splitlines() == ["made"] * 2
