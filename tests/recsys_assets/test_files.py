from __future__ import annotations

from pathlib import Path

import pytest

from recsys_assets.files import aside_file, aside_folder, read_json, write_json


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
