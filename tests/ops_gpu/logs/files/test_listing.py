from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest

from ops_gpu.logs import LogError, LogPlace, LogSource
from ops_gpu.logs.files.listing import list_files


def found(folder: Path, path: str) -> list[str]:
    return [Path(file.path).name for file in list_files(LogSource(path), LogPlace(folder))]


def test_a_folder_gives_its_data_files_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv.gz", "sub/c.parquet", ".hidden.csv", "_part.csv", "README.md", "x.csv.tmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert found(tmp_path, ".") == ["a.csv.gz", "b.csv", "c.parquet"]


def test_a_glob_gives_what_matches(tmp_path: Path) -> None:
    for name in ("1.dat", "2.dat", "3.csv", ".4.dat"):
        (tmp_path / name).write_text("x")
    assert found(tmp_path, "*.dat") == ["1.dat", "2.dat"]


def test_a_single_file_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "ratings").write_text("x")
    (file,) = list_files(LogSource("ratings"), LogPlace(tmp_path))
    assert (Path(file.path).name, file.format) == ("ratings", "delimited")


def test_the_format_follows_the_name_unless_it_is_said(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.jsonl.gz", "c.tsv"):
        (tmp_path / name).write_text("x")
    assert [f.format for f in list_files(LogSource("."), LogPlace(tmp_path))] == [
        "parquet",
        "jsonl",
        "delimited",
    ]
    (file,) = list_files(LogSource("c.tsv", format="jsonl"), LogPlace(tmp_path))
    assert file.format == "jsonl"


def test_a_missing_path_is_one_sentence_with_the_full_path(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="holds no data file") as raised:
        list_files(LogSource("nothing/here.csv"), LogPlace(tmp_path))
    assert str(tmp_path / "nothing" / "here.csv") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_unknown_protocol_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"cannot be looked up .*Protocol not known"):
        list_files(LogSource("nope://x/y.csv"), LogPlace(tmp_path))


def test_the_fingerprint_changes_with_size_and_with_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")
    source, place = LogSource("a.csv"), LogPlace(tmp_path)
    first = list_files(source, place)[0].fingerprint
    assert list_files(source, place)[0].fingerprint == first
    os.utime(path, (1, 1))
    second = list_files(source, place)[0].fingerprint
    path.write_text("longer")
    os.utime(path, (1, 1))
    assert len({first, second, list_files(source, place)[0].fingerprint}) == 3


def test_an_fsspec_address_is_listed_and_read() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/logs_test/day.csv", b"a,b\n1,2\n")
    try:
        (file,) = list_files(LogSource("memory://logs_test/*.csv"), LogPlace(Path()))
        assert file.path == "memory:///logs_test/day.csv"
        assert not file.local
        assert file.read() == b"a,b\n1,2\n"
    finally:
        memory.rm("/logs_test", recursive=True)


def test_a_file_that_went_away_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    (file,) = list_files(LogSource("a.csv"), LogPlace(tmp_path))
    (tmp_path / "a.csv").unlink()
    with pytest.raises(LogError, match=r"a\.csv' cannot be opened"):
        file.read()


BRACKETS = ["ratings [1].csv", "what?.csv", "a*b.csv", "[x].csv", "a [b.csv"]


@pytest.mark.parametrize("name", BRACKETS)
def test_a_path_that_exists_as_written_is_that_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a\n1\n")
    (tmp_path / "ratings 1.csv").write_text("a\n2\n")
    assert [file.path for file in list_files(LogSource(name), LogPlace(tmp_path))] == [str(tmp_path / name)]


@pytest.mark.parametrize("folder", ["shop [new]", "a*", "b?", "[1]/[2]"])
def test_folders_whose_names_look_like_globs(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    (place / "logs").mkdir(parents=True)
    for name in ("1.csv", "2.csv"):
        (place / "logs" / name).write_text("a\n1\n")
    expected = [str(place / "logs" / name) for name in ("1.csv", "2.csv")]
    for path in ("logs/*.csv", "logs", "logs/[12].csv", "*/?.csv"):
        assert [file.path for file in list_files(LogSource(path), LogPlace(place))] == expected, path


@pytest.mark.parametrize("path", ["a::b.csv", "x::y/a.csv", "x::y", "x::*/*.csv", "file::a.csv"])
def test_colons_in_a_path_of_this_machine_are_signs_like_others(tmp_path: Path, path: str) -> None:
    for name in ("a::b.csv", "x::y/a.csv", "file::a.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("u\n1\n")
    (file,) = list_files(LogSource(path), LogPlace(tmp_path))
    assert file.read() == b"u\n1\n"
    assert file.local
