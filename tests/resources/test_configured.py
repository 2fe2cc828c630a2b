from __future__ import annotations

import traceback

import pytest

from resources.configured import configured
from resources.home import Home


def write(home: Home, text: str) -> None:
    home.root.mkdir(parents=True)
    (home.root / "resources.yaml").write_text(text)


def test_defaults_without_a_file(home: Home) -> None:
    found = configured(home)
    assert (found.compute.engine, found.triton.address, found.mlflow.tracking_uri) == ("in_process", None, None)
    assert set(found.by_key()) >= {"compute", "triton", "mlflow"}


def test_a_section_a_resource(home: Home) -> None:
    write(home, "compute: {engine: local_cluster, workers: 4}\nmlflow: {tracking_uri: 'http://mlflow:5000'}\n")
    found = configured(home)
    assert (found.compute.engine, found.compute.workers) == ("local_cluster", 4)
    assert found.mlflow.tracking_uri == "http://mlflow:5000"
    assert found.triton.address is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("tritn: {}", ["unknown section 'tritn'", "triton"]),
        ("compute: {enginee: gpu}", ["compute has no field 'enginee'", "engine"]),
        ("compute: {engine: spark}", ["compute.engine", "'spark'"]),
        ("triton: {grpc_port: 99999}", ["triton.grpc_port: ", "less than or equal to 65535, got 99999; correct"]),
        ("compute: {workers: 2}\ntriton: {}\ncompute: {workers: 3}", [":3: compute is given twice, first in line 1"]),
        ("feature_store: {ttl_days: .inf}", ["feature_store.ttl_days: ", "got inf"]),
        ("feature_store: {keep_days: .nan}", ["feature_store.keep_days: ", "got nan"]),
        ("compute: {workers: 100000}", ["compute.workers: ", "less than or equal to 1024"]),
        ("triton: {grpc_port: 0}", ["triton.grpc_port: ", "greater than or equal to 1, got 0"]),
        ("triton: {metrics_port: -1}", ["triton.metrics_port", "-1"]),
        (
            "triton: {metrics_port: 8000, grpc_port: 8000}",
            ["triton: `grpc_port` and ", "must differ, got [8000, 8000]"],
        ),
        ("triton: {instances: 0}", ["triton.instances", "got 0"]),
        ("triton: {max_batch_size: 0}", ["triton.max_batch_size", "got 0"]),
        ("triton: {max_batch_size: 3000000000}", ["triton.max_batch_size", "got 3000000000"]),
        ("triton: {queue_delay_us: -1}", ["triton.queue_delay_us", "got -1"]),
        ("triton: {log_days: 4000000}", ["triton.log_days", "got 4000000"]),
        ("triton: {log_rate: .nan}", ["triton.log_rate", "got nan"]),
        ("triton: {form: fancy}", ["triton.form: ", "'fused' or 'ensemble', got 'fancy'; correct"]),
        ("triton: {group_by: hand}", ["triton.group_by", "'operator' or 'stage'"]),
        (
            "triton: {step_instances: {QueryFaiss: 0}}",
            ["triton: step_instances must be 1 or more", "'QueryFaiss': 0"],
        ),
        ("triton: {address: 'shop:8001'}", ["triton: The Triton server at shop:8001 needs `repository`"]),
        ("triton: {feast: /feast}", ["triton: The embedded Triton server", "remove `feast`"]),
        (
            "triton: {address: 'shop:8001', repository: /models, control_key: secret}",
            ["triton: `control_key` must be KEY=VALUE"],
        ),
        ("compute: [", ["not valid YAML"]),
        ("- a", ["holds list"]),
    ],
)
def test_what_is_wrong_is_named(home: Home, text: str, parts: list[str]) -> None:
    write(home, text)
    with pytest.raises(ValueError, match=r"resources\.yaml") as caught:
        configured(home)
    for part in parts:
        assert part in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value))
    assert "secret" not in shown and "Value error" not in shown


@pytest.mark.parametrize("port", ["8000", "null", "99999"])
def test_a_field_of_a_version_before_is_left_out_and_told_once(
    home: Home, port: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(home, f"triton: {{http_port: {port}, grpc_port: 8001}}\n")
    assert configured(home).triton.grpc_port == configured(home).triton.grpc_port == 8001
    (told,) = caplog.messages
    assert str(home.root / "resources.yaml") in told
    assert "triton.http_port is ignored, for the embedded server has no HTTP port any more; take it out" in told
    with pytest.raises(ValueError, match="triton has no field 'httpport'"):
        (home.root / "resources.yaml").write_text("triton: {http_port: 8000, httpport: 1}\n")
        configured(home)
