from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recsys_assets.blueprint.json_files import aside_file, aside_folder, read_json, write_json


def test_a_failure_leaves_the_old_file_and_no_traces(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json({"a": 1}, path)
    with pytest.raises(RuntimeError), aside_file(path) as aside:
        aside.write_text("half")
        raise RuntimeError
    assert read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_folder_and_no_traces(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with aside_folder(path) as aside:
        aside.mkdir()
        (aside / "weights").write_text("old")
    with pytest.raises(RuntimeError), aside_folder(path) as aside:
        aside.mkdir()
        (aside / "weights").write_text("half")
        raise RuntimeError
    assert (path / "weights").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for name in ("old", "new"):
        with aside_folder(path) as aside:
            aside.mkdir()
            (aside / name).touch()
    assert [file.name for file in path.iterdir()] == ["new"]


def test_what_was_never_written_reads_as_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "x.json") is None


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_several_writers_at_once_leave_one_whole_thing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing"

    def write(number: int) -> None:
        if kind == "file":
            write_json([number] * 1_000, path)
            return
        with aside_folder(path) as aside:
            aside.mkdir()
            for part in "ab":
                (aside / part).write_text(str(number))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(200))) == [None] * 200  # nobody was disturbed
    found = read_json(path) if kind == "file" else [(path / part).read_text() for part in "ab"]
    assert len(set(found)) == 1
    assert list(tmp_path.iterdir()) == [path]
