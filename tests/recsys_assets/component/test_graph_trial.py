from __future__ import annotations

from pathlib import Path

import pytest

from recsys_assets.cli.build.evaluate import _measure
from recsys_assets.cli.build.planned_run import Plan
from recsys_assets.cli.build.wishes import Wishes
from recsys_assets.component.graph_trial import require_workable
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.yaml_errors import YamlError
from resources.home import Home

YAML = """type: recsys_assets.Recommender
attributes:
  name: own
  interactions:
    source: {path: events.csv}
    user: user
    item: item
    time: time
  users: {source: {path: users.csv}, id: user, categorical: [country], continuous: [age]}
  items: {source: {path: items.csv}, id: item, categorical: [brand], continuous: [price], lists: [tags]}
  workflow: features.build
"""
START = """import polars as pl
from ops_gpu.operators import *
from ops_gpu.graph.node import Node, Step

CODES = ["user_id", "item_id", "country", "brand", "tags"] >> Categorify()


class Own(Step):
    def expressions(self, columns, plan):
        return columns


def same(column):
    return column.map_elements(lambda value: value)


def build(schema):
"""
GOOD = {
    "flat": 'return CODES + (["age", "price"] >> FillMissing(0.0) >> Normalize())',
    "two levels": 'return CODES + (["price"] >> FillMissing(0.0) >> Normalize() >> Bucketize([0.0]) >> Categorify())',
    "a function beside the YAML": 'return CODES + (["price"] >> LambdaOp(lambda price: price.fill_null(0.0) * 2))',
    "texts": 'return CODES + (["brand"] >> LambdaOp(lambda x: x.str.len_chars() / 2) >> Rename(postfix="_n"))',
    "numbers": 'return CODES + (["country"] >> LambdaOp(lambda x: (x + 1) / 2) >> Rename(postfix="_n"))',
    "groups": 'return CODES + (["brand"] >> JoinGroupby(["price"], ["mean"]) >> FillMissing(0.0))',
    "numbers of their own": 'return CODES + (["price"] >> LambdaOp(lambda price: (price - 9e9).log()))',
    "dates in texts": 'return CODES + (["brand"] >> LambdaOp(lambda x: x.str.to_date("%Y-%m-%d").dt.year() / 2) '
    '>> Rename(postfix="_year"))',
    "texts beside numbers": 'return CODES + (["brand"] >> LambdaOp(lambda x: x.str.to_lowercase()) >> '
    'Rename(postfix="_low") >> Categorify()) + (["country"] >> LambdaOp(lambda x: x // 10) >> '
    'Rename(postfix="_ten") >> Categorify())',
    "rare values": 'return ["user_id", "item_id"] >> Categorify(freq_threshold=50)',
}
BAD = {
    "no ids": ('return ["country"] >> Categorify()', "gives no column 'user_id', by which rows are found; add"),
    "ids as they are": ('return Node.of(["user_id", "item_id"])', "gives 'user_id' as it is, expected codes"),
    "both": (
        'return CODES + (["age"] >> DifferenceLag(["user_id"]) ) + ([["country", "brand"]] >> HashedCross(50))',
        "cannot be used",
    ),
    "a category as it is": ('return CODES + (["brand"] >> Rename(postfix="_raw"))', "'brand_raw' as it is, expected"),
    "a crossing of users and items": (
        'return CODES + ([["country", "brand"]] >> HashedCross(50))',
        "which is computed from users and items together",
    ),
    "a name of ours": (
        'return CODES + (["price"] >> FillMissing(0.0) >> Rename(name="history"))',
        "'history' of items",
    ),
    "python code": ('return CODES + (["price"] >> LambdaOp(same))', "runs Python code"),
    "a class of its own": ('return CODES + (["price"] >> Own())', "its class is defined in features"),
    "no such column": ('return CODES + (["colour"] >> Categorify())', "colour"),
    "nothing": ("return None", "cannot be used"),
    "its own error": ("raise KeyError('price')", "KeyError: 'price'"),
    "rows left out": ('return CODES + (["age"] >> Filter("age > 3"))', "leaves rows out"),
}


def written(folder: Path, body: str) -> Path:
    (folder / "defs.yaml").write_text(YAML)
    (folder / "features.py").write_text(START + f"    {body}\n")
    (folder / "events.csv").write_text("user,item,time\n1,2,2024-01-01\n")
    return folder


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_graphs_that_can_be_served_are_taken(tmp_path: Path, home: Home, body: str) -> None:
    (blueprint,) = blueprints(written(tmp_path, body), home)
    require_workable(blueprint)


@pytest.mark.parametrize(("body", "said"), BAD.values(), ids=BAD.keys())
def test_graphs_that_cannot_be_are_refused_when_the_yaml_is_read(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    with pytest.raises(YamlError) as caught:
        load(written(tmp_path, body))
    assert str(caught.value).startswith(f"{tmp_path / 'defs.yaml'}:11: attributes.workflow: the feature graph")
    assert said in str(caught.value)
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(tmp_path))
    (blueprint,) = blueprints(tmp_path, home)
    for command in (lambda: _measure(blueprint, None, print), lambda: Plan.of("own", home, Wishes())):
        with pytest.raises(YamlError, match=r"defs.yaml:11: attributes.workflow: the feature graph"):
            command()


def test_a_function_that_is_not_there_is_told_when_the_yaml_is_read(tmp_path: Path, home: Home) -> None:
    written(tmp_path, "return CODES")
    (tmp_path / "features.py").write_text("def built(schema):\n    return None\n")
    with pytest.raises(YamlError, match=r"defs.yaml:11: attributes.workflow: workflow is 'features.build', but there"):
        load(tmp_path)


def test_without_a_graph_of_ones_own_nothing_is_tried(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "return None")
    (tmp_path / "defs.yaml").write_text(YAML.replace("  workflow: features.build\n", ""))
    monkeypatch.setattr("recsys_assets.component.graph_trial.feature_graph", lambda blueprint: 1 / 0)
    assert load(tmp_path).assets
