from __future__ import annotations

import importlib.util

import dagster as dg
import pytest
from pydantic import ValidationError

from ops_gpu.engines.dask import DaskEngine
from ops_gpu.engines.local import LocalEngine
from resources.compute import ComputeResource

NO_GPU = pytest.mark.skipif(importlib.util.find_spec("cudf_polars") is not None, reason="cudf-polars is installed")


def double(number: int) -> int:
    return 2 * number


def test_an_asset_gets_its_engine_by_configuration() -> None:
    seen: list[str] = []

    @dg.asset
    def doubled(compute: ComputeResource) -> None:
        with compute.connect() as engine:
            seen.append(type(engine).__name__)
            assert engine.map(double, [1, 2]) == [2, 4]

    assert dg.materialize([doubled], resources={"compute": ComputeResource()}).success
    assert seen == [LocalEngine.__name__]


def test_a_cluster_is_closed_after_use() -> None:
    with ComputeResource(engine="local_cluster", workers=1).connect() as engine:
        assert isinstance(engine, DaskEngine)
        client = engine._client
        assert engine.map(double, [3]) == [6]
    assert client.status == "closed"


def test_a_scheduler_needs_an_address() -> None:
    with (
        pytest.raises(ValueError, match="no scheduler_address"),
        ComputeResource(engine="scheduler").connect(),
    ):
        pass


@NO_GPU
@pytest.mark.parametrize(("engine", "package"), [("gpu", "cudf-polars"), ("local_cuda_cluster", "dask-cuda")])
def test_what_needs_a_gpu_says_so(engine: str, package: str) -> None:
    with (
        pytest.raises(RuntimeError, match=f"{engine} engine needs .*NVIDIA GPU.*{package}.*install the extra"),
        ComputeResource(engine=engine).connect(),
    ):
        pass


@NO_GPU
def test_faiss_on_a_gpu_says_so_too() -> None:
    assert not ComputeResource().faiss_on_gpu()
    with pytest.raises(RuntimeError, match="faiss_device gpu needs an NVIDIA GPU"):
        ComputeResource(faiss_device="gpu").faiss_on_gpu()


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValidationError):
        ComputeResource(engine="quantum")
    with pytest.raises(ValidationError):
        ComputeResource(workers=0)
