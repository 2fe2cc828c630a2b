from __future__ import annotations

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
