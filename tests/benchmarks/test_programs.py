from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
RUN = "import runpy, sys; sys.path[0] = sys.argv[2]; runpy.run_path(sys.argv[1], run_name='imported')"
PROGRAMS = sorted(path.name for path in FOLDER.glob("*.py") if "__main__" in path.read_text())


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_find_what_they_measure(name: str) -> None:
    """Each is run by itself, and then its own folder comes first where modules are looked for."""
    command = [sys.executable, "-c", RUN, str(FOLDER / name), str(FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=FOLDER.parent)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in ("compare.py", "road_plot.py")])
def test_programs_keep_what_they_find(name: str) -> None:
    body = ast.parse((FOLDER / name).read_text(encoding="utf-8")).body
    main = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == "main")
    calls = [ast.unparse(node.func) for node in ast.walk(main) if isinstance(node, ast.Call)]
    assert calls.count("begin_run") == calls.count("run.keep") == 1
