"""LambdaOp: functions of one's own, of one column and of several, and how they are saved."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.engines.dataset import Dataset
from ops_gpu.graph.node import Node
from ops_gpu.graph.operator import Operator
from ops_gpu.operators import AddMetadata, Categorify, FillMissing, JoinGroupby, LambdaOp, Normalize, Rename
from ops_gpu.operators.columns.lambda_op import feature_function
from ops_gpu.schema.tags import Tags
from ops_gpu.workflow.workflow import Workflow

FRAME = pl.DataFrame({"x": [1, -2, None], "y": [[1], [], None]})
SHOWN = pl.DataFrame({"clicks": [1.0, 2.0, None, 3.0], "views": [None, 8.0, 2.0, 6.0], "other": [1.0, 1.0, 1.0, 2.0]})


@feature_function
def doubled(value: pl.Expr) -> pl.Expr:
    """Twice the number."""
    return value * 2


@feature_function
def doubled_in_python(value: pl.Expr) -> pl.Expr:
    """Twice the number, by code that no file holds."""
    return value.map_batches(lambda numbers: numbers * 2, pl.Int64, is_elementwise=True)


def unmarked_in_python(value: pl.Expr) -> pl.Expr:
    """Twice the number, for this process alone."""
    return value.map_batches(lambda numbers: numbers * 2, pl.Int64, is_elementwise=True)


def share(column: pl.Expr, frame: Any) -> pl.Expr:
    """What part of the views were clicked."""
    return column / frame["views"]


def test_types_tags_and_properties() -> None:
    node = ["x"] >> LambdaOp(lambda x: x.abs() / 2, label="half", tags=[Tags.CONTINUOUS], properties={"unit": "m"})
    workflow = Workflow(node).fit(FRAME)
    assert workflow.transform(FRAME)["x"].to_list() == [0.5, 1, None]
    column = workflow.output_schema["x"]
    assert (column.dtype, column.tags, column.properties) == ("float64", {Tags.CONTINUOUS}, {"unit": "m"})
    assert repr(node.operator) == "LambdaOp(half)"
    assert workflow.output_columns == ["x"]  # the label is for display


def test_a_category_that_becomes_a_fraction_is_a_number() -> None:
    coded = ["x"] >> AddMetadata([Tags.CATEGORICAL, Tags.USER])
    for function, kind in ((lambda x: x / 2, Tags.CONTINUOUS), (lambda x: x + 2, Tags.CATEGORICAL)):
        workflow = Workflow(coded >> LambdaOp(function)).fit(FRAME)
        assert workflow.output_schema["x"].tags == {kind, Tags.USER}
    told = Workflow(coded >> LambdaOp(lambda x: x + 2, tags=[Tags.CONTINUOUS])).fit(FRAME)
    assert told.output_schema["x"].tags == {Tags.CONTINUOUS, Tags.USER}


def test_a_type_may_be_asked_for() -> None:
    workflow = Workflow(["x"] >> LambdaOp(doubled, dtype="int16")).fit(FRAME)
    assert workflow.transform(FRAME)["x"].to_list() == [2, -4, None]
    assert workflow.transform(FRAME).schema == {"x": pl.Int16}
    lists = Workflow(["y"] >> LambdaOp(lambda y: y.list.len())).fit(FRAME)
    assert lists.output_schema["y"].polars_dtype == pl.UInt32
    assert Tags.LIST not in lists.output_schema["y"].tags
    same = Workflow(["y"] >> LambdaOp(lambda y: y, dtype="int8")).fit(FRAME)
    assert same.output_schema.polars_schema == same.transform(FRAME).schema == {"y": pl.List(pl.Int8)}


# Graphs in which the column `views` of the function is the filled one: 1 / 4 where nobody is known to have looked.
FILLED = ["views"] >> FillMissing(4.0)
SEVERAL: dict[str, Node] = {
    "on the left": Node.of(["clicks", FILLED]) >> LambdaOp(share, dependency=["views"]),
    "as a node": ["clicks"] >> LambdaOp(share, dependency=FILLED),
    "by name": Node.of(["clicks", FILLED]) >> LambdaOp(lambda x: x / pl.col("views"), dependency="views"),
    "named twice": ["clicks"] >> LambdaOp(share, dependency=[FILLED, "views"]),
    "beside": (["clicks"] >> LambdaOp(share, dependency=FILLED)) + FILLED,
    "renamed below": (["clicks"] + (["views"] >> Rename(name="shown") >> FillMissing(4.0)))
    >> LambdaOp(lambda x, frame: x / frame["shown"], dependency=["shown"]),
    "above what was learnt": ["clicks"]
    >> LambdaOp(lambda x, frame: x / (frame["views_count"] * 4), dependency=["views"] >> JoinGroupby()),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_a_dependency_is_what_the_graph_makes_of_it(case: str, tmp_path: Path) -> None:
    """On every way: all rows, one by one, lazily, from files, saved and loaded, and in part."""
    node = SEVERAL[case]
    expected = [0.25, 0.25, None, 0.5] if case != "above what was learnt" else [0.25, 0.5, None, 0.75]
    SHOWN.write_parquet(tmp_path / "a.parquet")
    whole = Workflow(node).fit(Dataset(tmp_path / "a.parquet"))
    whole.save(tmp_path / "workflow")
    for workflow in (whole, Workflow.load(tmp_path / "workflow"), whole.get_subworkflow("clicks")):
        assert sorted(workflow.input_columns) == ["clicks", "views"]
        assert workflow.transform(SHOWN)["clicks"].to_list() == expected
        assert [workflow.transform(SHOWN[i])["clicks"][0] for i in range(4)] == expected
        assert workflow.transform(SHOWN.lazy()).collect()["clicks"].to_list() == expected
        assert workflow.transform(SHOWN.lazy()).collect(engine="streaming")["clicks"].to_list() == expected
        files = workflow.transform(Dataset(tmp_path / "a.parquet")).to_parquet(tmp_path / "out", rows=3)
        assert files.collect()["clicks"].to_list() == expected
        assert workflow.output_schema["clicks"].dtype == "float64"
    assert ("views" in whole.output_columns) == (case == "beside")


def test_a_dependency_that_is_not_on_the_left_is_the_raw_column() -> None:
    """As in NVTabular: what a branch beside it makes of the column is another column of that name."""
    node = (["clicks"] >> LambdaOp(share, dependency=["views"])) + FILLED
    found = Workflow(node).transform(SHOWN)
    assert found["clicks"].to_list() == [None, 0.25, None, 0.5]
    assert found["views"].to_list() == [4.0, 8.0, 2.0, 6.0]
    assert Workflow(node).fit_columns == ["clicks", "views"]


def test_what_learns_above_it_learns_from_it(tmp_path: Path) -> None:
    node = ["clicks"] >> LambdaOp(share, dependency=FILLED) >> Normalize("float64")
    SHOWN.write_parquet(tmp_path / "a.parquet")
    values = np.array([0.25, 0.25, 0.5])
    expected = (values - values.mean()) / values.std(ddof=1)
    for data in (SHOWN, SHOWN.lazy(), Dataset(tmp_path / "a.parquet")):
        found = Workflow(node).fit(data).transform(SHOWN)["clicks"].drop_nulls()
        np.testing.assert_allclose(found.to_numpy(), expected)
    days = [Workflow(node).partial(day) for day in (SHOWN[:1], SHOWN[1:])]
    assert Workflow(node).merge(*days).transform(SHOWN)["clicks"].drop_nulls().to_list() == pytest.approx(expected)


def test_several_columns_are_each_given_with_the_same_others() -> None:
    node = ["clicks", "other"] >> LambdaOp(share, dependency=["views"]) >> Rename(postfix="_share")
    workflow = Workflow(node).fit(SHOWN)
    assert workflow.output_columns == ["clicks_share", "other_share"]
    part = workflow.get_subworkflow("other_share")
    assert part.input_columns == ["other", "views"]
    assert part.transform(SHOWN)["other_share"].to_list() == [None, 0.125, 0.5, 2 / 6]
    assert workflow.for_inputs(["views", "clicks"]).output_columns == ["clicks_share"]
    with pytest.raises(ValueError, match="nothing can be computed from columns clicks, other alone"):
        workflow.for_inputs(["clicks", "other"])


UNDECLARED: dict[str, Any] = {
    "by name": lambda x: x / pl.col("views"),
    "in a condition": lambda x: pl.when(pl.col("views") > 0).then(x),
    "run by code": lambda x: pl.struct(x, pl.col("views")).map_batches(
        lambda rows: rows.struct.field("views"), pl.Float64
    ),
}


@pytest.mark.parametrize("case", UNDECLARED)
def test_a_column_that_is_not_declared_is_refused_when_the_graph_is_built(case: str) -> None:
    for left in (["clicks"], ["clicks", FILLED], ["clicks", "other"]):
        with pytest.raises(ValueError, match=r"reads 'views' by its name.*dependency=\['views'\].*frame\['views'\]"):
            Node.of(left) >> LambdaOp(UNDECLARED[case])
        with pytest.raises(ValueError, match="reads 'views' by its name"):
            Node.of(left) >> UNDECLARED[case]
    with pytest.raises(ValueError, match="reads column 'views' of its frame, which has other; name it in dependency"):
        LambdaOp(share, dependency=["other"])


def test_its_own_column_may_be_named() -> None:
    node = ["views"] >> FillMissing(4.0) >> LambdaOp(lambda x: pl.when(pl.col("views") > 5).then(x))
    assert Workflow(node).transform(SHOWN)["views"].to_list() == [None, 8.0, None, 6.0]
    with pytest.raises(ValueError, match="is applied to column 'other', and reads 'views' by its name"):
        ["views", "other"] >> LambdaOp(lambda x: pl.when(pl.col("views") > 5).then(x))
    code = ["views"] >> FillMissing(4.0) >> LambdaOp(lambda x: pl.col("views").map_batches(abs, pl.Float64))
    with pytest.raises(ValueError, match="reads column 'views' by its name; take it from the first argument"):
        Workflow(code).transform(SHOWN)


ACROSS: dict[str, Any] = {
    "mean": lambda x: x - x.mean(),
    "over": lambda x, frame: x.sum().over(frame["views"]),
    "lag": lambda x: x - x.shift(1),
    "all": lambda x: pl.all(),
    "rank": lambda x: x.rank() / pl.len(),
    "among others": lambda x, frame: x.is_in(frame["views"]),
}


@pytest.mark.parametrize("case", ACROSS)
def test_what_looks_at_other_rows_is_refused_when_the_graph_is_built(case: str) -> None:
    with pytest.raises(ValueError, match=r"must go row by row, and it has .*; other operators learn from rows"):
        LambdaOp(ACROSS[case], dependency=["views"])


def test_what_functions_must_take_and_give() -> None:
    with pytest.raises(TypeError, match="LambdaOp has f=3, expected Callable"):
        LambdaOp(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="gave int; it must give a Polars expression"):
        LambdaOp(lambda x: 3)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="takes a column and a frame, and nothing says which columns"):
        LambdaOp(share)
    with pytest.raises(TypeError, match=r"takes 3 arguments; expected f\(column\), or f\(column, frame\)"):
        LambdaOp(lambda x, frame, more: x, dependency=["views"])
    with pytest.raises(TypeError, match="takes 0 arguments"):
        LambdaOp(lambda: pl.col("x"))
    with pytest.raises(ValueError, match="makes the same of every value of column 'clicks'"):
        ["clicks"] >> LambdaOp(lambda x: pl.lit(1))
    with pytest.raises(ValueError, match="makes nothing of views alone; give it another column"):
        ["views"] >> LambdaOp(share, dependency=["views"])
    with pytest.raises(TypeError, match=r"LambdaOp has dependency=\[3\], expected"):
        LambdaOp(share, dependency=[3])  # type: ignore[list-item]


def test_arguments_with_defaults_are_the_functions_own() -> None:
    steps = [LambdaOp(lambda x, step=step: x + step) for step in (1, 2)]
    assert [Workflow(["x"] >> step).transform(FRAME)["x"][0] for step in steps] == [2, 3]


@given(st.lists(st.floats(allow_nan=False) | st.none(), min_size=1, max_size=6), st.floats(0.1, 1e6))
def test_one_row_is_rounded_as_many_are(values: list[float | None], by: float) -> None:
    """Polars divides a single row by a constant, and multiplies many with what is 1 over it."""
    frame = pl.DataFrame({"x": values, "y": [3.0] * len(values)}, schema={"x": pl.Float64, "y": pl.Float64})
    functions = (
        lambda x: x / by,
        lambda x: (x.cast(pl.Float32) / by + 1) / 7,
        lambda x: pl.concat_list(x, x).list.eval(pl.element() / by).list.sum(),
        lambda x: (x.fill_nan(0).clip(-1e6, 1e6).cast(pl.Int64) / 7) / by,
    )
    many = pl.concat([frame] * 9, rechunk=True)
    for function in functions:
        workflow = Workflow(["x"] >> LambdaOp(function)).fit(frame)
        whole = workflow.transform(many)[: len(frame)]
        assert pl.concat([workflow.transform(frame[i]) for i in range(len(frame))]).equals(whole, null_equal=True)
        assert workflow.transform(frame.lazy()).collect().equals(whole, null_equal=True)
        assert workflow.output_schema["x"].dtype == whole["x"].dtype.base_type().__name__.lower()
    plain = Workflow(["x"] >> LambdaOp(lambda x: x / by)).transform(many)["x"]
    assert plain.equals(many.select(pl.col("x") / by)["x"], null_equal=True)


def test_what_is_no_number_is_divided_as_ever() -> None:
    frame = pl.DataFrame({"x": [datetime(2024, 1, 2)], "y": [datetime(2024, 1, 1)]})
    third = ["x"] >> LambdaOp(lambda x, frame: ((x - frame["y"]) / 3).dt.total_hours(), dependency=["y"])
    assert Workflow(third).transform(frame)["x"].to_list() == [8]


def test_functions_are_saved_as_what_they_do(tmp_path: Path) -> None:
    """Lambdas, nested ones and those of a module; nothing needs to be imported for them to be read."""

    def nested(value: pl.Expr) -> pl.Expr:
        return value.clip(-1, 1)

    for number, function in enumerate((lambda x: x.abs() * 0.1, nested, doubled, pl.Expr.abs)):
        workflow = Workflow(["x"] >> LambdaOp(function, label="f", tags=[Tags.USER])).fit(FRAME)
        workflow.save(tmp_path / str(number))
        loaded = Workflow.load(tmp_path / str(number))
        assert loaded.transform(FRAME).equals(workflow.transform(FRAME), null_equal=True)
        assert loaded.hash() == workflow.hash()
        assert loaded.output_schema == workflow.output_schema
        assert __name__ not in (tmp_path / str(number) / "workflow.json").read_text()


OTHER_PROCESS = """
import sys
import polars as pl
from ops_gpu.workflow.workflow import Workflow
workflow = Workflow.load(sys.argv[1])
print(workflow.transform(pl.DataFrame({"clicks": [1.0], "views": pl.Series([None], dtype=pl.Float64)})).item())
"""


def test_another_process_reads_what_a_file_beside_a_yaml_defines(tmp_path: Path) -> None:
    """Such a module has a name that was made up when it was read, and that no other process knows."""
    source = (
        "import polars as pl\n"
        "from ops_gpu.operators import FillMissing, LambdaOp\n"
        "from ops_gpu.operators.columns.lambda_op import feature_function\n"
        "@feature_function\n"
        "def share(x, frame):\n    return x / frame['views']\n"
        "def features():\n"
        "    filled = ['views'] >> FillMissing(4.0)\n"
        "    return ['clicks'] >> LambdaOp(share, dependency=filled) >> LambdaOp(lambda x: x + 1)\n"
    )
    made_up: dict[str, Any] = {"__name__": "recsys_workflow_demo_features"}
    exec(compile(source, str(tmp_path / "features.py"), "exec"), made_up)
    Workflow(made_up["features"]()).fit(SHOWN).save(tmp_path / "workflow")
    answer = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path / "workflow")], capture_output=True, text=True, check=True
    )
    assert float(answer.stdout) == 1.25


def test_what_runs_code_is_saved_by_its_place_alone(tmp_path: Path) -> None:
    workflow = Workflow(["x"] >> LambdaOp(doubled_in_python)).fit(FRAME)
    workflow.save(tmp_path / "workflow")
    assert Workflow.load(tmp_path / "workflow").transform(FRAME).equals(workflow.transform(FRAME))
    assert f"{__name__}:doubled_in_python" in (tmp_path / "workflow" / "workflow.json").read_text()


def test_what_cannot_be_saved_says_so_before_anything_is_written(tmp_path: Path) -> None:
    def nested(value: pl.Expr) -> pl.Expr:
        return value.map_batches(lambda numbers: numbers, pl.Int64)

    for function in (lambda x: np.abs(x), nested, unmarked_in_python):
        workflow = Workflow(["x"] >> LambdaOp(function) >> LambdaOp(doubled)).fit(FRAME)
        with pytest.raises(
            TypeError, match=r"LambdaOp.* cannot be saved: it runs Python code .*mark it @feature_funct"
        ):
            workflow.save(tmp_path / "workflow")
    assert not list(tmp_path.iterdir())


def test_hashes_tell_apart_what_functions_do() -> None:
    def make(step: int) -> LambdaOp:
        return LambdaOp(lambda x: x + step)

    def in_python(step: int) -> LambdaOp:
        return LambdaOp(lambda x: x.map_batches(lambda numbers: numbers + step, pl.Int64))

    operators = [
        *(make(1), make(2), LambdaOp(lambda x: x + 3), LambdaOp(lambda x: x.abs()), LambdaOp(lambda x: x.sqrt())),
        *(LambdaOp(doubled), LambdaOp(doubled, dtype="int8"), in_python(1), in_python(2), LambdaOp(doubled_in_python)),
        LambdaOp(lambda x, frame: x + frame["y"].list.len(), dependency=["y"]),
    ]
    hashes = [Workflow(["x"] >> op).fit(FRAME).hash() for op in operators]
    assert len(set(hashes)) == len(hashes)
    assert Workflow(["x"] >> LambdaOp(lambda number: number + 1)).fit(FRAME).hash() == hashes[0]  # does the same


def test_what_an_older_version_saved_by_name_is_read_and_stays_as_it_is() -> None:
    names = {"f": f"{__name__}:doubled", "label": None, "dtype": None, "tags": [], "properties": None}
    older = {"operator": "LambdaOp", "parameters": names}
    assert Operator.from_dict(older).to_dict() == older
    assert Workflow(["x"] >> Operator.from_dict(older)).transform(FRAME)["x"].to_list() == [2, -4, None]


NOT_THERE = ["no_such_module:f", "json:loads.x", "builtins:eval", "json:loads", "json:JSONEncoder", "json", ""]


@pytest.mark.parametrize("place", [*NOT_THERE, f"{__name__}:unmarked_in_python", f"{__name__}:FRAME"])
def test_data_imports_nothing(place: str) -> None:
    saved = json.loads(json.dumps(LambdaOp(doubled).to_dict() | {"operator": "LambdaOp"}))
    saved["parameters"]["f"] = place
    with pytest.raises(ValueError, match="which is not there; import module"):
        Operator.from_dict(saved)
    assert "no_such_module" not in sys.modules


def test_a_module_that_is_not_imported_stays_so() -> None:
    module = "this"
    assert module not in sys.modules
    with pytest.raises(ValueError, match="import module 'this' before loading"):
        LambdaOp(f"{module}:f")
    assert module not in sys.modules


def test_a_saved_function_that_was_damaged_is_one_sentence() -> None:
    saved = LambdaOp(lambda x: x + 1).to_dict()
    for tree in ({}, {"expression": None}, {"expression": {"SubPlan": [[1], []]}}, {"other": 1}):
        with pytest.raises(ValueError, match=r"a saved expression is damaged, or of another version .*build it anew"):
            Operator.from_dict({"operator": "LambdaOp", "parameters": saved["parameters"] | {"f": tree}})


def test_codes_and_numbers_of_several_columns_go_together() -> None:
    node = Node.of([["other"] >> Categorify(), FILLED]) >> LambdaOp(
        lambda x, frame: x * frame["views"], dependency=["views"]
    )
    assert Workflow(node).fit(SHOWN).transform(SHOWN)["other"].to_list() == [12.0, 24.0, 6.0, 24.0]
    nulls = pl.DataFrame({"clicks": [None, None], "views": [None, None]})
    found = Workflow(["clicks"] >> LambdaOp(share, dependency=["views"])).transform(nulls)["clicks"]
    assert (found.dtype, found.to_list()) == (pl.Float64, [None, None])
    assert math.isnan(Workflow(["x"] >> LambdaOp(lambda x: x * math.nan)).transform(FRAME)["x"][0])
