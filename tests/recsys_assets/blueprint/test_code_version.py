from __future__ import annotations

import sys
from pathlib import Path

import pytest

from recsys_assets.blueprint import code_version as module
from recsys_assets.blueprint.code_version import code_version


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `ours` of three modules: `top` imports `helper` inside a function, `other` stands alone."""
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "top.py").write_text('"""Top."""\ndef f():\n    from ours.helper import g\n    return g()\n')
    (folder / "helper.py").write_text('def g():\n    """Doc."""\n    return 1\n')
    (folder / "other.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, "PACKAGES", ("ours",))
    sys.modules.pop("ours", None)
    return folder


def version(settings: dict[str, object] | None = None) -> str:
    for cached in (module._file, module._imports, module._text, module._meaning):
        cached.cache_clear()
    return code_version(["ours.top"], settings)


def test_a_helper_two_imports_away_counts(package: Path) -> None:
    before = version()
    (package / "helper.py").write_text("def g():\n    return 2\n")
    assert version() != before


def test_comments_docstrings_and_modules_that_are_not_imported_do_not_count(package: Path) -> None:
    before = version()
    (package / "helper.py").write_text(
        '# why\n\ndef g():\n    """Better words.\n\n    "Quoted" too.\n    """\n    return 1\n'
    )
    (package / "other.py").write_text("x = 2\n")
    assert version() == before


def test_settings_count(package: Path) -> None:
    assert version({"epochs": 1}) != version({"epochs": 2})
    assert version({"a": 1, "b": 2}) == version({"b": 2, "a": 1})


def test_a_package_stands_for_all_its_modules(package: Path) -> None:
    assert set(module._reachable(["ours"])) == {"ours", "ours.top", "ours.helper", "ours.other"}


def test_an_unknown_module_is_refused() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"ops_gpu\.nothing"):
        code_version(["ops_gpu.nothing"])


def test_finding_modules_imports_none_of_them() -> None:
    module._file.cache_clear()
    code_version(["ops_gpu.models.retrieval.two_tower"])
    assert "ops_gpu.models.retrieval.two_tower" not in sys.modules or "keras" in sys.modules
