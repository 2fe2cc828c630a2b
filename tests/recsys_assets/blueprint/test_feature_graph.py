from __future__ import annotations

import importlib
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.feature_graph import _modules_beside, feature_graph
from recsys_assets.component.locations import blueprints
from resources.home import Home

SCHEMA = Schema([ColumnSchema("user_id", "int64", {Tags.USER_ID}), ColumnSchema("item_id", "int64", {Tags.ITEM_ID})])
BUILD = """from ops_gpu.operators import Categorify
from names import COLUMNS


def build(schema):
    from later import more
    return [*COLUMNS, *more()] >> Categorify()
"""


def plan_of(folder: Path, home: Home, columns: list[str]) -> Blueprint:
    (folder / "features.py").write_text(BUILD)
    (folder / "names.py").write_text(f"COLUMNS = {columns}\n")
    (folder / "later.py").write_text("def more():\n    return []\n")
    (blueprint,) = blueprints(folder, home)
    return replace(blueprint, settings=blueprint.settings.model_copy(update={"workflow": "features.build"}))


def test_modules_beside_the_yaml_import_each_other_and_do_not_meet(shop: Path, home: Home, tmp_path: Path) -> None:
    shutil.copytree(shop, tmp_path / "other")
    one = feature_graph(plan_of(shop, home, ["user_id"]))
    two = feature_graph(plan_of(tmp_path / "other", home, ["user_id", "item_id"]))
    assert list(one(SCHEMA).names) == ["user_id"]
    assert list(two(SCHEMA).names) == ["user_id", "item_id"]
    assert list(one(SCHEMA).names) == ["user_id"]
    assert not {"names", "later", "features"} & set(sys.modules)
    assert str(shop) not in sys.path


def test_an_edited_module_is_read_again(shop: Path, home: Home) -> None:
    blueprint = plan_of(shop, home, ["user_id"])
    feature_graph(blueprint)(SCHEMA)
    (shop / "names.py").write_text("COLUMNS = ['user_id', 'item_id']  # another size, as Python looks at that\n")
    assert list(feature_graph(blueprint)(SCHEMA).names) == ["user_id", "item_id"]


@pytest.mark.parametrize("text", ["def build(:", "import nothing_of_this_name", "x = 1"])
def test_what_cannot_be_imported_says_why(shop: Path, home: Home, text: str) -> None:
    blueprint = plan_of(shop, home, [])
    (shop / "features.py").write_text(text)
    with pytest.raises(ValueError, match=r"workflow is 'features.build', but there is no such function \(.+\); write"):
        feature_graph(blueprint)


def test_a_package_beside_the_yaml_hides_one_that_is_installed(
    shop: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, columns in ((tmp_path / "installed", "[]"), (shop, "['item_id']")):
        (place / "wares").mkdir(parents=True)
        (place / "wares" / "__init__.py").write_text("")
        (place / "wares" / "names.py").write_text(f"COLUMNS = {columns}\n")
        (place / "wares" / "graph.py").write_text(
            "from ops_gpu.operators import Categorify\nfrom .names import COLUMNS\n"
            "def build(schema):\n    return COLUMNS >> Categorify()\n"
        )
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    installed = importlib.import_module("wares.names")
    (blueprint,) = blueprints(shop, home)
    blueprint = replace(blueprint, settings=blueprint.settings.model_copy(update={"workflow": "wares.graph.build"}))
    assert list(feature_graph(blueprint)(SCHEMA).names) == ["item_id"]
    assert sys.modules["wares.names"] is installed
    for name in [name for name in sys.modules if name.startswith("wares")]:
        del sys.modules[name]


def test_our_own_modules_are_never_read_twice() -> None:
    """The YAML of a recommender may lie in a folder that holds this repository's packages too."""
    before = {name: module for name, module in sys.modules.items() if name.startswith("ops_gpu")}
    with _modules_beside(Path(__file__).parents[3]):
        importlib.import_module("ops_gpu.models.training.progress")
    assert before.items() <= sys.modules.items() and "ops_gpu.models.training.progress" in sys.modules
