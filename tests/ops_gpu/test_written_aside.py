from __future__ import annotations

from pathlib import Path

import pytest

from ops_gpu.written_aside import folder_written_aside


def test_a_failure_leaves_the_old_folder_alone(tmp_path: Path) -> None:
    def write(text: str) -> None:
        with folder_written_aside(tmp_path / "deep" / "out") as folder:
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
