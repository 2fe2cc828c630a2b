from __future__ import annotations

from pathlib import Path

from recsys_assets.blueprint.json_files import read_json, write_json


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_json({"b": 1, "a": tmp_path}, tmp_path / "x.json")
    assert read_json(tmp_path / "x.json") == {"a": str(tmp_path), "b": 1}
    assert list(tmp_path.iterdir()) == [tmp_path / "x.json"]


def test_what_was_never_written_reads_as_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "x.json") is None
