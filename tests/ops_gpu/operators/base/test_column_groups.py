"""Names of groups of columns."""

from __future__ import annotations

import polars as pl
import pytest

from ops_gpu.graph.operator import Operator
from ops_gpu.operators import Categorify, JoinGroupby, TargetEncoding
from ops_gpu.operators.base.column_groups import units_of
from ops_gpu.workflow.workflow import Workflow

FRAME = pl.DataFrame({"a": [1, 1], "b": [2, 3], "t": [0, 1], "id": [0, 1]})


def columns(operator: Operator) -> list[str]:
    return Workflow([["a", "b"], "b"] >> operator).fit(FRAME).transform(FRAME).columns


def test_a_separator_stands_between_all_parts_of_a_name() -> None:
    assert columns(JoinGroupby(["t"], ["count", "sum"])) == ["a_b_count", "a_b_t_sum", "b_count", "b_t_sum"]
    assert columns(JoinGroupby(["t"], ["count", "sum"], name_sep="-"))[:2] == ["a-b-count", "a-b-t-sum"]
    assert columns(TargetEncoding("t", name_sep="|")) == ["TE|a|b|t", "TE|b|t"]


def test_columns_of_a_group_may_have_one_of_their_own() -> None:
    assert columns(JoinGroupby(["t"], group_sep="-")) == ["a-b_count", "b_count"]
    assert columns(TargetEncoding("t", group_sep="")) == ["TE_ab_t", "TE_b_t"]


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("JoinGroupby", {"name_sep": "-", "groups": [["a", "b"]]}, ["a_b-count"]),
        ("TargetEncoding", {"target": "t", "name_sep": "-", "groups": [["a", "b"]]}, ["TE-a_b-t"]),
    ],
)
def test_what_an_older_version_saved_keeps_its_names(
    name: str, parameters: dict[str, object], expected: list[str]
) -> None:
    older = Operator.from_dict({"operator": name, "parameters": parameters})
    assert Workflow(["a", "b"] >> older).fit(FRAME).transform(FRAME).columns == expected
    assert "group_sep" not in older.to_dict()["parameters"]
    assert "group_sep" not in JoinGroupby().to_dict()["parameters"]  # the same as ever: statistics go on merging


def test_two_groups_of_one_name_are_told() -> None:
    """One of them would be lost."""
    for groups in ([["a", "b"], "a_b"], [["a", "b_c"], ["a_b", "c"]]):
        for operator in (Categorify(), JoinGroupby(), TargetEncoding("t")):
            with pytest.raises(ValueError, match="would both be called 'a_b"):
                frame = pl.DataFrame({name: [1, 2] for name in ("a", "b", "c", "a_b", "b_c", "t", "id")})
                Workflow(groups >> operator).fit(frame)
    assert units_of(["a", "b", "a_b"], (("a", "b"),), sep="-") == {"a-b": ("a", "b"), "a_b": ("a_b",)}
