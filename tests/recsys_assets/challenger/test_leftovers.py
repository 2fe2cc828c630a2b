"""What is left when a process is killed while it writes: everything of ours that writes aside is found again."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys_assets.challenger.leftovers import _ASIDE, QUIET, leftovers
from resources.home import Home
from serving.release.holding import size_of

WRITERS = {
    "a file of an asset": (
        "from ops_gpu.primitives.atomic_file import atomic_file\n"
        "with atomic_file(ours / 'features' / '2026-01-01.parquet') as aside:\n"
        "    aside.write_text('half'); os._exit(9)"
    ),
    "a folder of an asset": (
        "from ops_gpu.primitives.atomic_directory import atomic_directory\n"
        "with atomic_directory(ours / 'retrieval_model') as aside:\n"
        "    (aside / 'part').write_text('half'); os._exit(9)"
    ),
    "statistics": (
        "from ops_gpu.primitives.atomic_directory import atomic_directory\n"
        "with atomic_directory(ours / 'statistics' / '2026-01-01', ('*',)) as aside:\n"
        "    (aside / 'part').write_text('half'); os._exit(9)"
    ),
    "counts of a day": (
        "from ops_gpu.primitives.atomic_file import atomic_file\n"
        "with atomic_file(ours / 'item_state' / '0123abcd' / '2026-01-01.parquet') as aside:\n"
        "    aside.write_text('half'); os._exit(9)"
    ),
    "days that are folded": (
        "from datetime import date, timedelta\n"
        "from ops_gpu.interactions.days.folded_days import FoldedDays\n"
        "def merge(parts, span, folder):\n"
        "    (folder / 'part').write_text('half'); os._exit(9)\n"
        "days = {date(2026, 1, 1) + timedelta(n): home.root / str(n) for n in range(20)}\n"
        "home.root.mkdir(parents=True, exist_ok=True)\n"
        "for path in days.values():\n"
        "    path.touch()\n"
        "FoldedDays(days, home.folds('toy') / 'items', merge).before(date(2026, 1, 21))"
    ),
    "the feature store": (
        "import polars as pl\n"
        "from feature_repo.offline.version_files import VersionFiles\n"
        "with VersionFiles(home.feast('toy') / 'users', 'user_id').writing() as write:\n"
        "    write(pl.DataFrame({'user_id': [1]})); os._exit(9)"
    ),
    "a model of the server": (
        "from serving.triton.repository import model_directory as repository\n"
        "def write(folder, *_):\n"
        "    (folder / 'config.pbtxt').write_text('half'); os._exit(9)\n"
        "repository._write = write\n"
        "repository.place_model(home.triton_models, 'toy.0123', 'config', None)"
    ),
}
HEAD = "import os, sys\nfrom resources.home import Home\nhome = Home.at(sys.argv[1])\nours = home.recommender('toy')\n"


@pytest.mark.parametrize("writer", list(WRITERS))
def test_what_a_killed_process_left_is_found_once_it_is_old(home: Home, writer: str) -> None:
    command = [sys.executable, "-c", HEAD + WRITERS[writer], str(home.root)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    assert leftovers(home, "toy") == [], "somebody may be writing it"
    before = [path for path in home.root.rglob("*") if path.name.startswith(".") or path.suffix == ".aside"]
    old = time.time() - QUIET.total_seconds() - 60
    for path in (*home.root.rglob("*"), *home.root.rglob(".*")):
        os.utime(path, (old, old))
    (found,) = leftovers(home, "toy")
    assert found.path in before and found.goes and found.what == "leftover" and found.size == size_of(found.path)


def test_whatever_is_made_beside_its_place_under_a_name_of_the_moment_is_known() -> None:
    """`tempfile` with a folder of our choice; releases and backends are looked after elsewhere, and here as well."""
    root, found = Path(__file__).parents[3], []
    for package in ("ops_gpu", "feature_repo", "serving", "resources", "recsys_assets"):
        for file in sorted((root / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("tempfile."):
                    given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                    if "dir" in given:
                        name = given.get("prefix", "'tmpx'") + given.get("suffix", "")
                        found.append(re.sub(r"[f'\"]|\{.*?\}", "", name).replace("ASIDE", ".aside-"))
    assert len(found) >= 7
    assert [name for name in found if not _ASIDE.fullmatch(name)] == []


def test_nothing_else_is_taken_for_a_leftover(home: Home) -> None:
    ours = home.recommender("toy")
    for path in (
        ours / "features" / "2026-01-01.parquet",
        ours / "retrieval_model" / "model" / ".aside-inside",
        ours / "release.json",
        home.triton_models / ".toy.lock",
        home.triton_models / "toy" / "config.pbtxt",
        home.feast("toy") / ".writing.lock",
        home.feast("toy") / "users" / "00000000-00000000.parquet",
        home.recommender("other") / ".aside-x",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for path in (*home.root.rglob("*"), *home.root.rglob(".*")):
        os.utime(path, (0, 0))
    assert leftovers(home, "toy") == []
    assert isinstance(ours, Path)
