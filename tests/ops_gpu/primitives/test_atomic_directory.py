from __future__ import annotations

from pathlib import Path

import pytest

from ops_gpu.primitives.atomic_directory import atomic_directory


def test_a_failure_leaves_the_old_folder_alone(tmp_path: Path) -> None:
    def write(text: str) -> None:
        with atomic_directory(tmp_path / "deep" / "out", ["fi*"]) as folder:
            (folder / "file").write_text(text)
            if text == "bad":
                raise RuntimeError("disk full")

    write("good")
    with pytest.raises(RuntimeError, match="disk full"):
        write("bad")
    assert (tmp_path / "deep" / "out" / "file").read_text() == "good"
    write("better")
    assert (tmp_path / "deep" / "out" / "file").read_text() == "better"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_what_others_wrote_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "data.parquet").write_text("data")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "data.parquet").write_text("data")
    for name, message in (("data.parquet", "is a file"), ("folder", "holds 'data.parquet', which would be lost")):
        with pytest.raises(FileExistsError, match=message), atomic_directory(tmp_path / name, ["mine"]):
            raise AssertionError("it must not come to this")
    assert (tmp_path / "data.parquet").read_text() == (tmp_path / "folder" / "data.parquet").read_text() == "data"
