"""No argument of an operator is ignored: each of them changes what comes out, or what is said of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pytest

from ops_gpu import operators as ops
from ops_gpu.schema.tags import Tags
from ops_gpu.workflow.workflow import Workflow

FRAME = pl.DataFrame(
    {
        "a": [3, 1, 1, 2, 2, 2, None, 4],
        "b": [1, 1, 1, 2, 1, 2, 2, 2],
        "n": [0.5, None, 2.0, -1.0, 7.25, 1e300, 3.0, 0.5],
        "lists": [[1, 2, 3], [], [4], [5, 6], None, [7], [8, 9], [1]],
        "t": [5, 3, 1, 4, 2, 9, 8, 9],
        "y": [1, 0, 1, 1, 0, 0, 1, 0],
    }
)
TABLE = pl.DataFrame({"a": [1, 2, 2, 3], "key": [4, 3, 2, 1], "price": [1.0, 2.0, 3.0, 4.0], "weight": [5, 6, 7, 8]})
MATRIX = np.array([[1.0, 0, 2], [0, 3, 1], [1, 1, 1], [2, 0, 0], [0.5, 1, 0]])

# By operator: columns that it is applied to, arguments to begin with, and for each argument another value of it.
VARIED: dict[str, tuple[Iterable[Any], dict[str, Any], dict[str, Any]]] = {
    "AddMetadata": (["a"], {}, {"tags": [Tags.USER], "properties": {"unit": "m"}}),
    "Bucketize": (["n"], {"boundaries": [0]}, {"boundaries": [0, 1]}),
    "Categorify": (
        ["a", "b"],
        {"num_buckets": 2, "freq_threshold": 2},
        {
            "freq_threshold": 3,
            "max_size": 5,
            "num_buckets": 3,
            "domain": "ids",
            "groups": (("a", "b"),),
        },
    ),
    "Categorify-vocabs": (["a", "b"], {}, {"vocabs": {"b": [2, 1]}}),
    "Categorify-combo": (
        [["a", "b"]],
        {"encode_type": "combo"},
        {"encode_type": "joint", "name_sep": "|", "groups": (("b", "a"),)},
    ),
    "Clip": (["n"], {"min_value": 0.0, "max_value": 3.0}, {"min_value": 0.75, "max_value": 2.5}),
    "ColumnSimilarity": (
        [["a", "b"]],
        {"left_features": MATRIX},
        {"left_features": MATRIX[:3], "right_features": MATRIX[::-1], "metric": "inner", "groups": (("b", "a"),)},
    ),
    "DataStats": (["n"], {}, {}),
    "DifferenceLag": (["n"], {"partition_cols": "b"}, {"partition_cols": "y", "shift": 2, "sort_cols": "t"}),
    "DropLowCardinality": (
        ["a", "b"],
        {"min_cardinality": 5},
        {"min_cardinality": 4, "padding": True},
    ),
    "Dropna": (["n"], {}, {}),
    "FillMedian": (["n"], {}, {"add_binary_cols": True}),
    "FillMissing": (["n"], {}, {"fill_val": 1, "add_binary_cols": True}),
    "Filter": (["a"], {"f": "a > 1"}, {"f": "a > 2"}),
    "Groupby": (
        ["a", "n"],
        {"groupby_cols": "b", "sort_cols": "t", "aggs": ["list", "first"], "ascending": False},
        {
            "groupby_cols": "y",
            "sort_cols": "y",
            "aggs": ["last"],
            "name_sep": "|",
            "ascending": True,
            "turn_ends": True,
        },
    ),
    "HashBucket": (["a"], {"num_buckets": 7}, {"num_buckets": 5}),
    "HashedCross": ([["a", "b"]], {"num_buckets": 7}, {"num_buckets": 5, "groups": (("b", "a"),)}),
    "History": (
        ["a"],
        {"partition_cols": "b", "sort_cols": "t"},
        {"partition_cols": "y", "sort_cols": "n", "max_length": 1},
    ),
    "JoinExternal": (
        ["a", "b"],
        {"df_ext": TABLE, "on": ["a"], "drop_duplicates_ext": True},
        {
            "df_ext": TABLE[::-1],
            "on": ["b"],
            "how": "inner",
            "on_ext": ["key"],
            "columns_ext": ["price"],
            "drop_duplicates_ext": False,
        },
    ),
    "JoinGroupby": (
        [["a", "b"], "b"],
        {"cont_cols": ["n"], "stats": ["count", "min"]},
        {
            "cont_cols": ["t"],
            "stats": ["max"],
            "name_sep": "|",
            "groups": (("b", "a"),),
            "group_sep": "|",
        },
    ),
    "LambdaOp": (
        ["a"],
        {"f": lambda x, frame: x + frame["b"], "dependency": ["b"]},
        {
            "f": lambda x: x,
            "dependency": ["b"] >> ops.Bucketize([2]),
            "dtype": "int16",
            "tags": [Tags.USER],
            "properties": {"unit": "m"},
            "label": "sum",
        },
    ),
    "ListSlice": (
        ["lists"],
        {"start": 1, "end": 3},
        {"start": 0, "end": 2, "pad": True},
    ),
    "ListSlice-pad": (["lists"], {"start": 2, "pad": True}, {"pad_value": 9}),
    "LogOp": (["n"], {}, {}),
    "Normalize": (["n"], {}, {"out_dtype": "float64"}),
    "NormalizeMinMax": (["n"], {}, {"out_dtype": "float64"}),
    "ReduceDtypeSize": (["n"], {}, {"float_dtype": "float64"}),
    "Rename": (["a"], {"postfix": "_x"}, {"postfix": "_y", "name": "z", "names": {"a": "z"}}),
    "Sessionize": (
        ["t"],
        {"gap": 2, "partition_cols": "b"},
        {"gap": 1, "partition_cols": "y", "out_col": "visit"},
    ),
    **{f"TagAs{kind}": (["a"], {}, {"tags": [Tags.TARGET], "properties": {"a": 1}}) for kind in ("UserID", "ItemID")},
    **{
        f"TagAs{kind}Features": (["a"], {}, {"tags": [Tags.TARGET], "properties": {"a": 1}})
        for kind in ("User", "Item")
    },
    "TargetEncoding": (
        [["a", "b"], "b"],
        {"target": "y", "fold_columns": ["t", "n"]},
        {
            "target": "t",
            "target_mean": 0.9,
            "kfold": 2,
            "fold_seed": 1,
            "p_smooth": 1.0,
            "fold_columns": ["t"],
            "out_dtype": "float64",
            "name_sep": "|",
            "groups": (("b", "a"),),
            "group_sep": "|",
        },
    ),
    "ValueCount": (["lists"], {}, {}),
}
CASES = [(case, argument) for case, (_, _, others) in VARIED.items() for argument in others]


def told(columns: Iterable[Any], make: Callable[[], Any]) -> Any:
    """All that an operator gives: rows for training and later ones, the schema, and how it is shown; or its error."""
    try:
        operator = make()
        below = columns >> ops.Categorify() if isinstance(operator, ops.DropLowCardinality) else columns
        workflow = Workflow(below >> operator)
        trained = workflow.fit_transform(FRAME)
        later = workflow.transform(FRAME)
    except ValueError as error:
        return str(error)
    shown = operator.label if isinstance(operator, ops.LambdaOp) else None
    return trained.to_dict(as_series=False), later.schema, str(later.rows()), workflow.output_schema.to_dict(), shown


def test_every_argument_of_every_operator_has_a_case() -> None:
    for name in ops.__all__:
        arguments = set(inspect.signature(getattr(ops, name)).parameters)
        varied = {argument for case, argument in CASES if case.partition("-")[0] == name}
        wanted = arguments - {"table"}  # the hash of a table, which operators fill in
        assert varied == wanted, f"{name}: give VARIED another value of {', '.join(sorted(wanted ^ varied))}"


@pytest.mark.parametrize(("case", "argument"), CASES, ids=["-".join(pair) for pair in CASES])
def test_no_argument_is_ignored(case: str, argument: str) -> None:
    columns, given, others = VARIED[case]
    operator = getattr(ops, case.partition("-")[0])
    changed = {**given, argument: others[argument]}
    if case == "Rename" and argument != "postfix":
        changed.pop("postfix")
    flat = [name for group in columns for name in ([group] if isinstance(group, str) else group)]
    taken = dict.fromkeys(flat) if argument == "groups" else columns
    assert told(list(taken), partial(operator, **changed)) != told(columns, partial(operator, **given))


@pytest.mark.parametrize("name", ["Categorify", "ColumnSimilarity", "HashedCross", "JoinGroupby", "TargetEncoding"])
def test_groups_are_given_once(name: str) -> None:
    given = VARIED[name][1]
    with pytest.raises(ValueError, match=r"has groups, and so have the columns on its left, .*; give them once"):
        [["a", "b"]] >> getattr(ops, name)(**given, groups=(("b", "a"),))
