from __future__ import annotations

from pathlib import Path

from recsys_assets.tables.data_version import hash_files


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_equal_content_in_another_place_has_the_same_hash(tmp_path: Path) -> None:
    one = write(tmp_path / "a" / "model", x="1", y="2")
    other = write(tmp_path / "b" / "model", y="2", x="1")
    assert hash_files([one]) == hash_files([other])


def test_content_names_and_missing_files_count(tmp_path: Path) -> None:
    hashes = {
        hash_files([write(tmp_path / "a" / "m", x="1")]),
        hash_files([write(tmp_path / "b" / "m", x="2")]),
        hash_files([write(tmp_path / "c" / "m", z="1")]),
        hash_files([write(tmp_path / "d" / "m", x="1"), tmp_path / "nothing"]),
    }
    assert len(hashes) == 3  # the absent path adds nothing


def test_a_byte_cannot_move_from_one_file_to_the_next(tmp_path: Path) -> None:
    one = write(tmp_path / "a" / "m", x="12", y="3")
    other = write(tmp_path / "b" / "m", x="1", y="23")
    assert hash_files([one]) != hash_files([other])
