from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from serving.request.model_names import model_name
from serving.request.request import optional
from serving.triton.repository.model_config import ModelTensors
from serving.triton.repository.model_directory import (
    replace_config,
    write_model,
    write_pointer,
    write_router,
)
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.repository.released_model import ReleasedModel

HASH = "0123456789abcdef" * 4
OTHER = "f" * 64


def tensors(dtype: str = "string") -> ModelTensors:
    k = optional(ColumnSchema("k", "int32", domain=Domain(1, 1000)), 10)
    return ModelTensors.of(Schema([ColumnSchema("user_id", dtype), k]), Schema([ColumnSchema("item_id", dtype)]))


def parsed(repository: Path, model: str) -> model_config_pb2.ModelConfig:
    text = (repository / model / "config.pbtxt").read_text()
    return text_format.Parse(text, model_config_pb2.ModelConfig())


def test_the_model_of_a_release_says_what_triton_needs_to_know(tmp_path: Path) -> None:
    settings = ModelSettings(instances=2, max_batch_size=64, queue_delay_us=500)
    path = '/releases/"quoted"\\demo'
    assert write_model(tmp_path, ReleasedModel("demo", HASH, path, tensors(), settings)) == "demo.0123456789ab"
    config = parsed(tmp_path, "demo.0123456789ab")
    assert (config.backend, config.max_batch_size) == ("python", 64)
    assert config.instance_group[0].count == 2
    assert config.dynamic_batching.max_queue_delay_microseconds == 500
    assert config.dynamic_batching.default_queue_policy.max_queue_size == 0  # with one, batches wait
    router = parsed(tmp_path, write_router(tmp_path, "demo", tensors(), 64, {"canary": "0.5"}))
    assert router.dynamic_batching.default_queue_policy.max_queue_size == 0  # with one, batches wait
    user, k = config.input
    assert user.optional and list(user.dims) == [256]
    assert k.optional and model_config_pb2.DataType.Name(k.data_type) == "TYPE_INT32"
    assert {o.name: list(o.dims) for o in config.output}["item_id"] == [-1, -1]
    assert config.parameters["release_path"].string_value == path
    assert config.parameters["release"].string_value == HASH
    compile((tmp_path / "demo.0123456789ab" / "1" / "model.py").read_text(), "model.py", "exec")


def test_a_model_directory_is_written_once(tmp_path: Path) -> None:
    write_model(tmp_path, ReleasedModel("demo", HASH, "/a", tensors(), ModelSettings()))
    before = (tmp_path / "demo.0123456789ab" / "config.pbtxt").stat().st_mtime_ns
    write_model(tmp_path, ReleasedModel("demo", HASH, "/a", tensors(), ModelSettings()))
    assert (tmp_path / "demo.0123456789ab" / "config.pbtxt").stat().st_mtime_ns == before
    write_model(tmp_path, ReleasedModel("demo", HASH, "/b", tensors(), ModelSettings()))
    assert parsed(tmp_path, "demo.0123456789ab").parameters["release_path"].string_value == "/b"
    assert [p.name for p in tmp_path.iterdir()] == ["demo.0123456789ab"], "something was left aside"


def test_the_pointer_hands_everything_through_to_one_release(tmp_path: Path) -> None:
    assert write_pointer(tmp_path, "demo", "demo.0123456789ab", tensors("int64"), 64, {"release": HASH}) is None
    before = write_pointer(
        tmp_path, "demo", "demo.ffffffffffff", tensors("int64"), 64, {"release": OTHER, "previous": HASH}
    )
    assert before is not None and "demo.0123456789ab" in before
    config = parsed(tmp_path, "demo")
    (step,) = config.ensemble_scheduling.step
    assert step.model_name == "demo.ffffffffffff"
    assert dict(step.input_map) == {"user_id": "user_id", "k": "k"}
    assert set(step.output_map) == {"item_id", "score", "source", "count", "stage_ms", "release"}
    assert config.parameters["previous"].string_value == HASH
    replace_config(tmp_path, "demo", before)
    assert parsed(tmp_path, "demo").ensemble_scheduling.step[0].model_name == "demo.0123456789ab"


@pytest.mark.parametrize("name", ["../up", "a/b", "", "a.b", ".hidden", "a b"])
def test_a_name_cannot_leave_the_repository(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="model's name has letters"):
        write_model(tmp_path, ReleasedModel(name, HASH, "/a", tensors(), ModelSettings()))
    with pytest.raises(ValueError, match="model's name has letters"):
        model_name("demo", name)
