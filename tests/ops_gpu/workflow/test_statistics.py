from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.operators import Categorify, FillMissing, Normalize, TargetEncoding
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow

NODE = (["user"] >> Categorify()) + (["price"] >> FillMissing(0.0) >> Normalize())
FRAME = pl.DataFrame({"user": ["a", "b", "a"], "price": [1.0, None, 3.0]})


def test_saved_and_loaded_statistics_finalize_alike(tmp_path: Path) -> None:
    workflow = Workflow(NODE)
    workflow.partial(FRAME).save(tmp_path / "day")
    loaded = Statistics.load(tmp_path / "day")
    assert Workflow(NODE).finalize(loaded).hash() == Workflow(NODE).fit(FRAME).hash()
    assert [path.name for path in tmp_path.iterdir()] == ["day"]


def test_saving_twice_replaces(tmp_path: Path) -> None:
    workflow = Workflow(NODE)
    workflow.partial(FRAME).save(tmp_path / "day")
    workflow.partial(FRAME[:1]).save(tmp_path / "day")
    assert Statistics.load(tmp_path / "day").tables["1"]["user"]["value"].to_list() == ["a"]
    assert [path.name for path in tmp_path.iterdir()] == ["day"]


def test_equal_statistics_are_equal_files(tmp_path: Path) -> None:
    node = ["user", "price"] >> Categorify()
    Workflow(node).partial(FRAME).save(tmp_path / "one")
    Workflow(node).partial(FRAME.reverse()).save(tmp_path / "two")
    one, two = (sorted((tmp_path / name).rglob("*.*")) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_nothing_to_merge_is_an_error() -> None:
    with pytest.raises(ValueError, match="no statistics to merge"):
        Statistics.merge([])


def test_statistics_of_another_workflow_are_an_error() -> None:
    other = Workflow(["user"] >> Categorify(freq_threshold=2))
    parts = [Workflow(NODE).partial(FRAME), other.partial(FRAME)]
    with pytest.raises(ValueError, match="do not merge"):
        Statistics.merge(parts)
    with pytest.raises(ValueError, match="another workflow"):
        Workflow(NODE).finalize(parts[1])


def test_integers_and_floats_mix_as_numbers_alone() -> None:
    workflow = Workflow(["price"] >> Normalize())
    parts = [workflow.partial(pl.DataFrame({"price": values})) for values in ([1, 3], [2.0], [None])]
    merged = Statistics.merge(parts)
    assert merged.schema["price"].dtype == "float64"
    assert merged.tables["1"]["price"]["count"].item() == 3


def test_statistics_over_different_states_below_do_not_merge() -> None:
    node = ["user"] >> Categorify() >> TargetEncoding("price")
    frames = [FRAME, FRAME.with_columns(pl.lit("z").alias("user"))]
    parts = [Workflow(node).fit(frame).partial(FRAME) for frame in frames]
    with pytest.raises(ValueError, match="two states of the operators below"):
        Statistics.merge(parts)
    with pytest.raises(ValueError, match="another state of the operators below"):
        Workflow(node).fit(frames[0]).finalize(parts[1])


def test_damaged_or_newer_files_are_one_clear_error(tmp_path: Path) -> None:
    Workflow(NODE).partial(FRAME).save(tmp_path / "day")
    with pytest.raises(ValueError, match="holds no readable statistics"):
        Statistics.load(tmp_path / "nowhere")
    document = tmp_path / "day" / "statistics.json"
    text = document.read_text()
    document.write_text(json.dumps({**json.loads(text), "format": 99}))
    with pytest.raises(ValueError, match="is of format 99"):
        Statistics.load(tmp_path / "day")
    document.write_text(text)
    (tmp_path / "day" / "0.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ValueError, match=r"0\.parquet was changed after it was saved"):
        Statistics.load(tmp_path / "day")
