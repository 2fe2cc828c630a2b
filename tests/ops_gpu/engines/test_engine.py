from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ops_gpu.engines.dask import DaskEngine
from ops_gpu.engines.dataset import Dataset
from ops_gpu.engines.engine import Engine
from ops_gpu.engines.gpu import GpuEngine
from ops_gpu.engines.local import LocalEngine
from ops_gpu.operators import Categorify, FillMedian, FillMissing, LambdaOp, Normalize, TargetEncoding
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.operators.cases import CASES, odd_frame

NODE = (
    (["user"] >> Categorify(freq_threshold=2) >> TargetEncoding("label"))
    + (["price"] >> FillMedian() >> Normalize())
    + (["item", "items"] >> Categorify(domain="item"))
)


# Where there is a GPU, an engine that does not start must fail.
NEEDS_GPU = pytest.mark.skipif(
    shutil.which("nvidia-smi") is None, reason="cudf-polars runs on NVIDIA GPUs alone, and this machine has none"
)


@pytest.fixture(params=["local", "dask", pytest.param("gpu", marks=[pytest.mark.gpu, NEEDS_GPU])])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "dask":
        yield request.getfixturevalue("dask")
    elif request.param == "local":
        yield LocalEngine()
    else:
        yield GpuEngine()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for day in range(10):
        values = range(day, day + 20)
        pl.DataFrame(
            {
                "user": [f"u{v % 7}" for v in values],
                "item": [v % (day + 3) for v in values],
                "items": [[v % 5, v % 9] for v in values],
                "price": [None if v % 6 == 0 else v**1.5 for v in values],
                "label": [v % 2 for v in values],
            }
        ).write_parquet(tmp_path / f"{day}.parquet")
    return tmp_path


def double(number: int) -> int:
    return 2 * number


def worker(number: int) -> int:
    return os.getpid()


def fail(number: int) -> int:
    raise ValueError(f"bad number {number}")


def total(numbers: Sequence[int]) -> int:
    return sum(numbers)


def test_every_engine_fits_the_same_workflow(engine: Engine, files: Path) -> None:
    dataset = Dataset(files)
    found = Workflow(NODE).fit(dataset, engine)
    expected = Workflow(NODE).fit(dataset.lazy().collect())
    assert found.vocabulary("item").equals(expected.vocabulary("item"))
    frame = dataset.lazy().collect()
    assert_frame_equal(found.transform(frame), expected.transform(frame), rel_tol=1e-6)


def test_results_come_in_order(engine: Engine) -> None:
    assert engine.map(double, range(20)) == [2 * n for n in range(20)]
    assert engine.map(double, []) == []
    assert engine.map_reduce(double, [range(20), [4]], total) == [380, 8]
    assert engine.map_reduce(double, [], total) == []


def test_errors_arrive_as_they_are(engine: Engine) -> None:
    with pytest.raises(ValueError, match="bad number 3"):
        engine.map(fail, [3])
    with pytest.raises(ValueError, match="bad number"):
        engine.map_reduce(fail, [[3, 4]], total)


def test_plans_are_collected(engine: Engine) -> None:
    assert engine.collect(pl.LazyFrame({"a": [1, 2]}).select(pl.col("a").sum())).item() == 3


def test_workers_are_other_processes(dask: DaskEngine) -> None:
    assert os.getpid() not in dask.map(worker, range(8))
    assert isinstance(dask.inner, LocalEngine)


def test_more_workers_than_columns_share_the_files(dask: DaskEngine, files: Path) -> None:
    """With a single column, two workers read half of the files each, twice over."""
    assert dask.workers == 2
    assert LocalEngine().workers == 0
    node = ["item"] >> Categorify()
    chunks = Dataset(files).chunks(4)
    assert [len(chunk.files) for chunk in chunks] == [3, 3, 3, 1]
    found = Workflow(node).fit(Dataset(files), dask)
    assert found.hash() == Workflow(node).fit(Dataset(files)).hash()


def test_every_engine_writes_the_same_files(engine: Engine, files: Path, tmp_path: Path) -> None:
    workflow = Workflow(NODE).fit(Dataset(files))
    for name, dataset in (
        ("plain", workflow.transform(Dataset(files))),
        ("training", Workflow(NODE).fit_transform(Dataset(files), engine)),
    ):
        written = dataset.to_parquet(tmp_path / "out", engine=engine, rows=7)
        assert len(written.files) == 30
        found, expected = written.collect(), dataset.collect()
        assert_frame_equal(found, expected, rel_tol=1e-6), name


def test_a_running_scheduler_is_found_by_address() -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        for _ in range(2):  # who connects leaves it running
            with DaskEngine.at(cluster.scheduler_address) as engine:
                assert engine.map(double, [4]) == [8]


def test_what_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(ConnectionError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        DaskEngine.at("tcp://127.0.0.1:9", timeout_seconds=0.5)


@pytest.mark.parametrize("case", CASES)
def test_every_operator_learns_on_a_cluster_what_it_learns_here(case: str, dask: DaskEngine, tmp_path: Path) -> None:
    for start in range(0, 12, 3):
        odd_frame()[start : start + 3].write_parquet(tmp_path / f"{start:02d}.parquet")
    dataset = Dataset(tmp_path)
    here, there = Workflow(CASES[case]).fit(odd_frame()), Workflow(CASES[case]).fit(dataset, dask)
    assert_frame_equal(there.transform(odd_frame()), here.transform(odd_frame()), rel_tol=1e-6, abs_tol=1e-9)


def test_functions_of_ones_own_work_on_every_engine(engine: Engine, files: Path, tmp_path: Path) -> None:
    by = 3.0
    filled = ["price"] >> FillMissing(4.0)
    share = ["item"] >> LambdaOp(lambda item, frame: item / frame["price"] / by, dependency=filled) >> Normalize()
    found = Workflow(share).fit(Dataset(files), engine)
    expected = Workflow(share).fit(Dataset(files).collect())
    written = found.transform(Dataset(files)).to_parquet(tmp_path / "out", engine=engine, rows=7)
    assert_frame_equal(written.collect(), expected.transform(Dataset(files).collect()), rel_tol=1e-6)
    assert written.collect()["item"].null_count() == 0


def test_whoever_has_not_its_keys_gives_a_cluster_no_work(dask: DaskEngine) -> None:
    """Other users of the machine reach its ports; what they hand in would run as its owner."""
    from distributed import Client

    address = dask._client.scheduler_info()["address"]
    assert address.startswith("tls://127.0.0.1:")
    for stranger in (address, address.replace("tls://", "tcp://")):
        with pytest.raises((OSError, TypeError, RuntimeError)):
            Client(stranger, timeout=1.0).submit(double, 2).result(timeout=5)
    assert dask.map(double, [2]) == [4]
