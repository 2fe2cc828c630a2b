from __future__ import annotations

import sys
from pathlib import Path

import pytest

from recsys_assets.blueprint.graph_code import graph_code

FUNCTION = "shop_features.build.graph"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable package whose module imports others in every way, and a package beside it."""
    root = tmp_path / "packages"
    files = {
        "shop_features/__init__.py": "",
        "shop_features/build.py": "import numpy, json\nfrom . import prices\nfrom .deep.ages import AGES\n"
        "from ops_gpu.operators import Categorify\nimport shop_common\ndef graph(schema):\n    import shop_late\n",
        "shop_features/prices.py": "",
        "shop_features/unused.py": "",
        "shop_features/deep/__init__.py": "from ..prices import x",
        "shop_features/deep/ages.py": "AGES = []\n",
        "shop_common.py": "",
        "shop_late.py": "",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(root))
    return root


def test_everything_of_the_users_that_is_imported_counts(package: Path, tmp_path: Path) -> None:
    found = graph_code(FUNCTION, tmp_path)
    inside = {"build", "prices", "deep", "deep.ages"}
    assert set(found) == {"shop_features", *(f"shop_features.{n}" for n in inside), "shop_common", "shop_late"}
    assert not any(name.startswith("shop_") for name in sys.modules)  # nothing is run


@pytest.mark.parametrize(
    "file", ["shop_features/deep/ages.py", "shop_common.py", "shop_late.py", "shop_features/build.py"]
)
def test_editing_any_of_them_is_seen(package: Path, tmp_path: Path, file: str) -> None:
    before = graph_code(FUNCTION, tmp_path)
    (package / file).write_text((package / file).read_text() + "\nx = 1\n")
    assert graph_code(FUNCTION, tmp_path) != before


def test_editing_what_is_not_imported_is_not(package: Path, tmp_path: Path) -> None:
    before = graph_code(FUNCTION, tmp_path)
    (package / "shop_features/unused.py").write_text("x = 1\n")
    assert graph_code(FUNCTION, tmp_path) == before


def test_what_lies_beside_the_yaml_comes_first(package: Path, tmp_path: Path) -> None:
    (tmp_path / "shop_common.py").write_text("import shop_beside")
    (tmp_path / "shop_beside.py").write_text("")
    assert {"shop_common", "shop_beside"} <= set(graph_code(FUNCTION, tmp_path))
    assert graph_code("shop_beside.build", tmp_path).keys() == {"shop_beside"}


@pytest.mark.parametrize("text", ["def (", "\x00"], ids=["no syntax", "no source"])
def test_what_cannot_be_read_counts_by_its_bytes(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.py").write_text(text)
    assert graph_code("odd.build", tmp_path).keys() == {"odd"}


def test_a_function_that_is_not_there(tmp_path: Path) -> None:
    assert graph_code("nowhere.build", tmp_path) == graph_code("json.nothing.build", tmp_path) == {}


def test_a_module_beside_the_yaml_may_have_the_name_of_one_of_pythons(tmp_path: Path) -> None:
    (tmp_path / "features.py").write_text("import statistics, json\n")
    helper = tmp_path / "statistics.py"
    helper.write_text("FACTOR = 2.0\n")
    before = graph_code("features.build", tmp_path)
    assert set(before) == {"features", "statistics"}
    helper.write_text("FACTOR = -5.0\n")
    assert graph_code("features.build", tmp_path) != before
