from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ops_gpu.dataset import Dataset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for day in range(3):
        pl.DataFrame({"a": [day, day]}).write_parquet(tmp_path / f"{day}.parquet")
    return tmp_path


def test_folders_patterns_lists_and_frames(folder: Path) -> None:
    for source in (folder, str(folder / "*.parquet"), sorted(folder.iterdir())):
        dataset = Dataset(source)
        assert dataset.lazy().collect()["a"].to_list() == [0, 0, 1, 1, 2, 2]
        assert [len(part.lazy().collect()) for part in dataset.parts()] == [2, 2, 2]
    frame = pl.DataFrame({"a": [1]})
    assert Dataset(frame).lazy().collect().equals(frame)
    assert len(Dataset(frame.lazy()).parts()) == 1


def test_names_with_odd_characters(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a[1].parquet")
    assert Dataset(tmp_path / "a[1].parquet").lazy().collect().height == 1


def test_what_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\*\.parquet matches no Parquet file"):
        Dataset(str(folder / "nothing*.parquet"))
    with pytest.raises(FileNotFoundError, match="no files"):
        Dataset([])


def test_files_must_be_parquet_of_one_schema(folder: Path) -> None:
    pl.DataFrame({"a": ["x"]}).write_parquet(folder / "3.parquet")
    with pytest.raises(ValueError, match=r"3\.parquet has other columns"):
        Dataset(folder).schema()
    (folder / "3.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        Dataset(folder).schema()
