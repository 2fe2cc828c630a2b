"""One frame with everything odd in it, and for every operator a graph over it."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from ops_gpu import operators as ops
from ops_gpu.graph.node import Node
from ops_gpu.operators.columns.lambda_op import feature_function
from ops_gpu.schema.tags import Tags

INT = [2**63 - 1, -(2**63), 2**60 + 1, 2**60 + 2, None, 0, -1, 0, 0, None, 5, -1]
TEXT = ["b", "", None, "ü€𝄞", "a", "b", "\0", "a\0", "a", "b", None, " "]
FLOAT = [0.0, -0.0, float("nan"), None, 1.5, -3.25, 1e6, 2.0, 2.0, float("inf"), 0.1, -float("inf")]
NUMBER = [1, 2, None, 4, 4, 7, -3, 100, 0, 0, None, 12]
LISTS = [[1, 2, 2], [], None, [None, 3], [9], [1], [2], [], [2**62], [5, 5, 5, 5], [1, None, 1], [7]]
TEXTS = [["a"], None, [], ["b", "a"], [None], ["ü", ""], ["a"], ["c"], ["a", "b", "c"], [], ["b"], ["a"]]
TARGET = [1, 0, 1, None, 0, 1, 1, 0, 0, 1, 0, 1]


def odd_frame() -> pl.DataFrame:
    """Twelve rows of nulls, NaN, infinities, limits, empty lists and unusual characters."""
    return pl.DataFrame(
        {
            "int": INT,
            "small": [None if n is None else n % 100 for n in NUMBER],
            "text": TEXT,
            "float": FLOAT,
            "number": NUMBER,
            "flag": [None if n is None else n > 2 for n in NUMBER],
            "lists": LISTS,
            "texts": TEXTS,
            "target": TARGET,
            "row": range(12),
        },
        schema_overrides={"small": pl.Int16, "float": pl.Float64, "number": pl.Int32, "target": pl.Float32},
    )


def unseen_frame() -> pl.DataFrame:
    """Values that the odd frame does not have."""
    frame = {"int": [77, None], "small": [99, 98], "text": ["new", "newer"], "float": [-7.0, 1e-9]}
    more = {"number": [1000, None], "flag": [False, None], "lists": [[70, 71], None], "texts": [["new"], []]}
    return pl.DataFrame(frame | more | {"target": [None, 1.0], "row": [100, 101]}, schema=odd_frame().schema)


def external_frame() -> pl.DataFrame:
    """A table with nulls, a key that comes twice, and values that are missing."""
    numbers = {"id": [0, -1, None, 2**63 - 1, 5], "price": [2.0, -float("inf"), 0.1, -0.0, None]}
    words = {"key": ["a", "b", None, "ü€𝄞", "a"], "word": ["x", None, "", "y", "z"]}
    return pl.DataFrame(words | numbers | {"day": [None, date(2024, 1, 1), None, None, None]})


@feature_function
def above_two(value: pl.Expr) -> pl.Expr:
    """A flag of a number."""
    return value.abs() > 2


@feature_function
def plus_one(value: pl.Expr) -> pl.Expr:
    """A number of a number."""
    return value + 1


FEATURES = csr_array(np.array([[1.0, 0, 2, 0], [0, 0, 0, 0], [0.5, 3, 0, 0], [1, 0, 2, 0.1], [0, 1, 1, 1]]))
KEYS = ["int", "small", "text", "float", "flag"]

RENAMED = ops.Rename(name="median")

CASES: dict[str, Node] = {
    "AddMetadata": ["int", "texts"] >> ops.AddMetadata([Tags.USER], {"source": "crm"}),
    "Bucketize": ["float", "number", "lists"] >> ops.Bucketize([0, 1.5, 10]),
    "Bucketize-named": ["float", "number"] >> ops.Bucketize({"float": [0.0], "number": [1, 2]}),
    "Categorify": [*KEYS, "lists", "texts"] >> ops.Categorify(),
    "Categorify-limits": ["text", "int", "texts"] >> ops.Categorify(freq_threshold=2, max_size=5),
    "Categorify-buckets": ["text", "int", "lists", "texts"] >> ops.Categorify(freq_threshold=2, num_buckets=4),
    "Categorify-combo": [["text", "small"], ["text", "float", "flag"], ["int"], "lists"]
    >> ops.Categorify(encode_type="combo", num_buckets=3),
    "Categorify-combo-limits": [["text", "int"], ["int", "number"]]
    >> ops.Categorify(encode_type="combo", name_sep="|", freq_threshold=2, max_size=6),
    "Categorify-vocabs": ["text", "int", "lists", "flag"]
    >> ops.Categorify(vocabs={"text": ["b", "zzz", "", "a"], "lists": [5, 2**62, 1], "flag": [False]}, num_buckets=4),
    "Categorify-domain": ["int", "lists", "small"] >> ops.Categorify(domain="number"),
    "Categorify-groups": [["int", "lists"], "text"] >> ops.Categorify(),
    "Clip": ["float", "number", "lists"] >> ops.Clip(0.5, 4),
    "ColumnSimilarity": [["row", "int"], ["row", "number"]] >> ops.ColumnSimilarity(FEATURES),
    "ColumnSimilarity-two": [["row", "int"]] >> ops.ColumnSimilarity(FEATURES, FEATURES[:3], metric="cosine"),
    "ColumnSimilarity-inner": ["row", "number"] >> ops.ColumnSimilarity(FEATURES, metric="inner"),
    "DataStats": [*KEYS, "number", "lists", "texts"] >> ops.DataStats(),
    "DropLowCardinality": ["text", "flag"] >> ops.HashBucket({"text": 7, "flag": 3}) >> ops.DropLowCardinality(4),
    "FillMedian": ["float", "number", "lists"] >> ops.FillMedian(add_binary_cols=True),
    "FillMissing": ["float", "number", "lists"] >> ops.FillMissing(1, add_binary_cols=True),
    "FillMissing-fraction": ["float", "number", "lists"] >> ops.FillMissing(0.5),
    "FillMissing-text": ["text", "texts"] >> ops.FillMissing("none"),
    "HashBucket": [*KEYS, "lists", "texts"] >> ops.HashBucket(7),
    "HashedCross": [["text", "small"], ["int", "float", "flag"]] >> ops.HashedCross(7),
    "HashedCross-flat": ["text", "int"] >> ops.HashedCross({"text_X_int": 3}),
    "JoinExternal": ["text", "row"]
    >> ops.JoinExternal(external_frame(), on="text", on_ext="key", drop_duplicates_ext=True),
    "JoinExternal-two": ["int", "float"]
    >> ops.JoinExternal(external_frame(), on=["int", "float"], on_ext=["id", "price"], columns_ext=["word"]),
    "JoinGroupby": [["text", "small"], "int", "float"]
    >> ops.JoinGroupby(["number", "float"], ["count", "sum", "mean", "std", "var", "min", "max"]),
    "JoinGroupby-count": ["text"] >> ops.JoinGroupby(),
    "LambdaOp": ["float", "number"] >> ops.LambdaOp(above_two, label="above", tags=[Tags.USER], properties={"a": 1}),
    "LambdaOp-dtype": ["float", "number"] >> ops.LambdaOp(plus_one, dtype="float32"),
    "LambdaOp-lambda": ["float", "number"] >> ops.LambdaOp(lambda x: (x.abs() / 3).log1p()),
    "LambdaOp-several": (["float", "small"] + (["number"] >> ops.FillMissing(4.0)))
    >> ops.LambdaOp(lambda x, frame: x / frame["number"], dependency=["number"]),
    "LambdaOp-node": ["float"]
    >> ops.LambdaOp(lambda x, frame: x - frame["median"], dependency=["number"] >> ops.FillMedian() >> RENAMED),
    "LambdaOp-lists": ["lists"] >> ops.ListSlice(5) >> ops.LambdaOp(lambda x: x.list.len() / 7),
    "ListSlice": ["lists", "texts"] >> ops.ListSlice(-2),
    "ListSlice-pad": ["lists"] >> ops.ListSlice(1, 4, pad=True, pad_value=-1),
    "LogOp": ["float", "number", "lists"] >> ops.LogOp(),
    "Normalize": ["float", "number", "lists"] >> ops.Normalize(),
    "NormalizeMinMax": ["float", "number", "lists"] >> ops.NormalizeMinMax(out_dtype="float64"),
    "ReduceDtypeSize": list(odd_frame().columns) >> ops.ReduceDtypeSize(),
    "Rename": ["int", "text"] >> ops.Rename({"int": "number"}),
    "Rename-postfix": ["int", "text"] >> ops.Rename(postfix="_raw"),
    "Rename-name": ["int"] >> ops.Rename(name="id"),
    "TagAsItemFeatures": ["int"] >> ops.TagAsItemFeatures(),
    "TagAsItemID": ["int"] >> ops.TagAsItemID(),
    "TagAsUserFeatures": ["int"] >> ops.TagAsUserFeatures(),
    "TagAsUserID": ["int"] >> ops.TagAsUserID(),
    "TargetEncoding": [["text", "small"], "int", "float"] >> ops.TargetEncoding("target", p_smooth=2),
    "JoinGroupby-overlap": [["text", "small"], "text"] >> ops.JoinGroupby(["number"], ["count", "mean"]),
    "TargetEncoding-overlap": [["text", "small"], "text"] >> ops.TargetEncoding("target"),
    "TargetEncoding-two": ["text"] >> ops.TargetEncoding(["target", "number"], fold_columns=["row"]),
    "ValueCount": ["lists", "texts"] >> ops.ValueCount(),
    "chain": (["float", "number"] >> ops.FillMissing(0.0) >> ops.LogOp() >> ops.Normalize())
    + (["text", "int"] >> ops.Categorify() >> ops.Rename(postfix="_code")),
    "above-fitted": (["text", "int"] >> ops.Categorify(freq_threshold=2) >> ops.TargetEncoding("target"))
    + (["float"] >> ops.FillMedian() >> ops.Normalize()),
    "shared": (["float"] >> ops.FillMissing(0.0))
    + (["float"] >> ops.FillMissing(0.0) >> ops.Normalize() >> ops.Rename(name="scaled")),
}
