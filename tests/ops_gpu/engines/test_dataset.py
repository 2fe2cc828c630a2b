from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ops_gpu.engines.dataset import Dataset
from ops_gpu.operators import Categorify, Groupby, Normalize
from ops_gpu.workflow.workflow import Workflow


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


def test_parts_hold_a_limited_number_of_rows(folder: Path) -> None:
    pl.DataFrame({"a": range(10, 17)}).write_parquet(folder / "3.parquet")
    parts = Dataset(folder).parts(rows=3)
    expected = [[0, 0], [1, 1], [2, 2], [10, 11, 12], [13, 14, 15], [16]]
    assert [part.collect()["a"].to_list() for part in parts] == expected
    pl.DataFrame({"a": []}, {"a": pl.Int64}).write_parquet(folder / "0.parquet")
    assert [part.collect().height for part in Dataset(folder / "0.parquet").parts(rows=3)] == [0]


def test_what_is_written_is_what_was_read(folder: Path, tmp_path: Path) -> None:
    doubled = Dataset(folder).then(lambda frame: frame.with_columns(pl.col("a") * 2), ["a"])
    written = doubled.to_parquet(tmp_path / "out", rows=1)
    assert [file.name for file in written.files] == [f"part_{number:05d}.parquet" for number in range(6)]
    assert written.collect()["a"].to_list() == doubled.collect()["a"].to_list() == [0, 0, 2, 2, 4, 4]
    again = Dataset(folder / "0.parquet").to_parquet(tmp_path / "out", compression="lz4")
    assert [file.name for file in again.files] == ["part_00000.parquet"]
    assert len(list((tmp_path / "out").iterdir())) == 1


def frames(folder: Path) -> dict[str, pl.DataFrame | pl.LazyFrame]:
    """Seven rows, every way that a frame may be given."""
    frame = pl.DataFrame({"a": [3, 1, 3, 2, 1, 3, 1], "b": list("uvwxyz ")})
    frame.write_csv(folder / "rows.csv")
    frame.write_ndjson(folder / "rows.jsonl")
    frame.write_parquet(folder / "one.parquet")
    return {
        "frame": frame,
        "lazy": frame.lazy(),
        "scan_csv": pl.scan_csv(folder / "rows.csv"),
        "scan_ndjson": pl.scan_ndjson(folder / "rows.jsonl"),
        "scan_parquet": pl.scan_parquet(folder / "one.parquet"),
        "plan": frame.lazy().join(frame.lazy().select("b"), on="b", maintain_order="left"),
    }


@pytest.mark.parametrize("kind", ["frame", "lazy", "scan_csv", "scan_ndjson", "scan_parquet", "plan"])
@pytest.mark.parametrize("rows", [1, 3, 6, 7, 100])
def test_frames_are_written_in_files_of_so_many_rows(kind: str, rows: int, tmp_path: Path) -> None:
    source = frames(tmp_path)[kind]
    expected = source.lazy().collect()
    written = Dataset(source).to_parquet(tmp_path / "out", rows=rows)
    assert [pl.read_parquet(file).height for file in written.files] == [
        len(part) for part in expected.iter_slices(rows)
    ]
    assert written.collect().equals(expected)
    coded = Workflow(["b"] >> Categorify()).fit(expected).transform(Dataset(source))
    files = coded.to_parquet(tmp_path / "out", rows=rows)
    assert len(files.files) == -(-7 // rows)
    assert files.collect()["b"].to_list() == coded.collect()["b"].to_list()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("kind", ["frame", "lazy"])
def test_rows_of_a_frame_that_belong_together_stay_so(kind: str, tmp_path: Path) -> None:
    source = frames(tmp_path)[kind]
    by_key = Workflow(["b"] >> Groupby("a")).transform(Dataset(source)).to_parquet(tmp_path / "out", rows=2)
    assert dict(by_key.collect().iter_rows()) == {1: ["v", "y", " "], 2: ["x"], 3: ["u", "w", "z"]}
    assert len(by_key.files) > 1
    whole = Dataset(source).then(lambda frame: frame.reverse(), together=True).to_parquet(tmp_path / "out", rows=2)
    assert len(whole.files) == 1
    assert whole.collect()["b"].to_list() == list(" zyxwvu")


def test_a_plan_that_fails_leaves_nothing(tmp_path: Path) -> None:
    lazy = pl.LazyFrame({"a": ["1", "x"]}).select(pl.col("a").cast(pl.Int64))
    with pytest.raises(pl.exceptions.InvalidOperationError, match="conversion from `str` to `i64` failed"):
        Dataset(lazy).to_parquet(tmp_path / "out", rows=1)
    assert not list(tmp_path.iterdir())


def test_only_columns_that_are_needed_are_read(folder: Path) -> None:
    pl.DataFrame({"a": [1], "b": [2]}).write_parquet(folder / "0.parquet")
    seen: list[list[str]] = []

    def note(frame: pl.DataFrame) -> pl.DataFrame:
        seen.append(frame.columns)
        return frame

    Dataset(folder / "0.parquet").then(note, ["b", "unknown"]).collect()
    assert seen == [["b"]]


def damaged(file: Path) -> None:
    """A file whose end is right and whose pages are not."""
    pl.DataFrame({"a": list(range(5_000))}).write_parquet(file, compression="zstd")
    content = bytearray(file.read_bytes())
    content[20:400] = b"\xff" * 380
    file.write_bytes(bytes(content))


def test_a_damaged_file_is_named_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    damaged(folder / "2.parquet")
    with pytest.raises(ValueError, match=r"2\.parquet cannot be read as Parquet"):
        Dataset(folder).to_parquet(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        Workflow(["a"] >> Normalize()).fit(Dataset(folder))


def test_files_hold_at_least_a_row(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a file of 0 rows"):
        Dataset(folder).to_parquet(tmp_path / "out", rows=0)
