"""Files and folders: whole or not at all, whatever becomes of who writes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops_gpu.primitives.atomic_directory import atomic_directory
from ops_gpu.primitives.atomic_file import atomic_file, write_text


def write_file(path: Path, text: str, fails: bool = False) -> None:
    with atomic_file(path) as aside:
        aside.write_text(text)
        if fails:
            raise RuntimeError("disk full")


def write_folder(path: Path, text: str, fails: bool = False) -> None:
    with atomic_directory(path) as aside:
        for part in "ab":
            (aside / part).write_text(text)
            if fails:
                raise RuntimeError("disk full")


def text_of(path: Path) -> set[str]:
    return {part.read_text() for part in path.iterdir()} if path.is_dir() else {path.read_text()}


WRITERS = {"file": write_file, "folder": write_folder}
Writer = Callable[..., None]


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_failure_leaves_the_old_one_and_no_traces(tmp_path: Path, write: Writer) -> None:
    path = tmp_path / "deep" / "thing"
    write(path, "old")
    with pytest.raises(RuntimeError, match="disk full"):
        write(path, "half", fails=True)
    assert text_of(path) == {"old"} and list(path.parent.iterdir()) == [path]
    write(path, "new")
    assert text_of(path) == {"new"} and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_several_writers_at_once_leave_one_whole_thing(tmp_path: Path, write: Writer) -> None:
    path = tmp_path / "thing"
    with ThreadPoolExecutor(4) as pool:
        written = pool.map(lambda number: write(path, f"{number} " * 1_000), range(200))
        assert list(written) == [None] * 200  # nobody was disturbed
    assert len(text_of(path)) == 1 and list(tmp_path.iterdir()) == [path]


PROGRAM = """
import sys, itertools
from pathlib import Path
from tests.ops_gpu.primitives.test_atomic_file import WRITERS
print("ready", flush=True)
for number in itertools.count():
    WRITERS[sys.argv[1]](Path(sys.argv[2]), f"{number} " * 200_000)
"""


@pytest.mark.parametrize("kind", WRITERS)
def test_whoever_is_killed_leaves_a_whole_one(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing"
    root = Path(__file__).parents[3]
    WRITERS[kind](path, "first")
    for pause in (0.0, 0.003, 0.007, 0.011):
        line = [sys.executable, "-c", PROGRAM, kind, str(path)]
        with subprocess.Popen(line, cwd=root, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            time.sleep(0.02 + pause)
            process.send_signal(signal.SIGKILL)
        assert len(text_of(path)) == 1
        WRITERS[kind](path, "again")
        assert text_of(path) == {"again"}


def test_what_must_not_be_lost_is_on_the_disk_before_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen, real = tmp_path / "thing", list[bool](), os.fsync

    def fsync(handle: int) -> None:
        seen.append(path.exists())
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(path, "kept", durable=True)
    assert seen == [False, True] and path.read_text() == "kept"  # the text, then its name
    write_text(tmp_path / "other", "may be lost")
    assert len(seen) == 2
