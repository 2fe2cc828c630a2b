from __future__ import annotations

from pathlib import Path

import pytest

from ops_gpu.logs import LogError, LogPlace, expand


def test_a_variable_is_replaced_by_its_value() -> None:
    assert expand("${A}/x/${B_2}", {"A": "one", "B_2": "two"}) == "one/x/two"


def test_a_default_serves_when_the_variable_is_unset_or_empty() -> None:
    assert expand("${A:-../d}/x", {}) == "../d/x"
    assert expand("${A:-../d}/x", {"A": ""}) == "../d/x"
    assert expand("${A:-../d}/x", {"A": "/data"}) == "/data/x"


def test_an_unset_variable_without_default_is_named() -> None:
    with pytest.raises(LogError, match="variable MISSING, which is not set"):
        expand("${MISSING}/x", {})


def test_relative_paths_start_at_the_base(tmp_path: Path) -> None:
    place = LogPlace(tmp_path / "a", {})
    assert place.resolve("../b/c.csv") == str(tmp_path / "b" / "c.csv")
    assert place.resolve("/b/c.csv") == "/b/c.csv"
    assert place.resolve("s3://bucket/c.csv") == "s3://bucket/c.csv"
