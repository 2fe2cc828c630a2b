from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.results import Run, begin_run, fact, larger, newest, smaller

FIGURES = [smaller("p50", 2, "ms"), larger("16 clients", 700.5, "requests/s"), fact("items", 3_000)]


def git(folder: Path, *arguments: str) -> None:
    identity = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=folder, check=True, env={**os.environ, **identity})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the results, in the place of this checkout's own; it is made by the first of them."""
    monkeypatch.setattr(results, "FOLDER", tmp_path / "some" / "results")
    return results.FOLDER


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one committed file, in the place of this one."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "file").write_text("as committed")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "A file")
    monkeypatch.setattr(results, "ROOT", folder)
    return folder


def test_what_is_kept_is_read(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = begin_run("/somewhere/serving_table.py")
    path = run.keep(FIGURES)
    assert Run.read(path) == replace(run, figures=tuple(FIGURES))
    assert run.commit is not None
    assert path.name == f"serving_table-{re.sub('[-:]', '', run.date)}-{run.commit[:10]}.json"
    captured = capsys.readouterr()
    assert not captured.out and captured.err == f"figures: {path}\n"


def test_a_file_says_what_was_measured_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["etl.py", "--rows", "5"])
    content = json.loads(begin_run("etl.py").keep(FIGURES).read_text())
    assert content["figures"][0] == {"name": "p50", "value": 2.0, "unit": "ms", "smaller_is_better": True}
    assert [figure["smaller_is_better"] for figure in content["figures"]] == [True, False, None]
    assert content["program"] == "etl" and content["arguments"] == ["--rows", "5"]
    assert content["machine"]["cpu"] and content["machine"]["python"] == platform.python_version()
    assert content["machine"]["cores"] >= 1 and content["machine"]["memory_gb"] > 0.1


def test_edited_files_are_told_from_committed_ones(checkout: Path) -> None:
    assert begin_run("etl.py").dirty is False
    (checkout / "file").write_text("edited")
    run = begin_run("etl.py")
    assert run.dirty and run.keep(FIGURES).name.endswith("-edited.json")


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert begin_run("etl.py").commit is begin_run("etl.py").dirty is None
    monkeypatch.setenv("PATH", str(tmp_path))
    run = begin_run("etl.py")
    assert run.commit is run.dirty is None
    assert run.keep(FIGURES).name.endswith("Z-unknown.json")


def test_git_does_not_see_what_is_kept(tmp_path: Path) -> None:
    """Held in a repository of its own, so that it is held in an unpacked archive as well."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    shutil.copy(results.ROOT / ".gitignore", tmp_path)
    for kept, ignored in (("benchmarks/results/etl-20240101T000000Z-abc.json", 0), ("benchmarks/results.py", 1)):
        done = subprocess.run(["git", "check-ignore", "--quiet", kept], cwd=tmp_path, check=False)
        assert done.returncode == ignored, kept


def test_two_figures_have_two_names(folder: Path) -> None:
    with pytest.raises(ValueError, match="Two figures of etl are called 'p50'"):
        begin_run("etl.py").keep([*FIGURES, smaller("p50", 3, "ms")])
    assert not folder.exists()


def test_the_newest_of_a_program_are_its_own() -> None:
    for program in ("serving", "serving_table"):
        for hour in (3, 1, 2):
            run = replace(begin_run(f"{program}.py"), date=f"2024-01-01T0{hour}:00:00Z", dirty=False, commit="c0ffee")
            run.keep(FIGURES)
    names = [path.name for path in newest("serving")]
    assert names == ["serving-20240101T020000Z-c0ffee.json", "serving-20240101T030000Z-c0ffee.json"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"figures": [{"value": 1}]}'])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"other\.json does not hold the figures of a benchmark"):
        Run.read(path)
