"""Finding and loading the YAML files of recommenders, inside this package and outside it."""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import dagster as dg

from ops_gpu.logs.errors.reading import is_panic
from recsys_assets.blueprint.blueprint import Blueprint, named
from recsys_assets.component.recommender import Recommender
from recsys_assets.component.yaml_errors import YamlError, explain, require_distinct_keys, require_readable
from resources.environment import RECOMMENDERS
from resources.home import Home

FILE = "defs.yaml"
OWN = Path(__file__).parents[1] / "defs"


def find(folders: Iterable[Path]) -> list[Path]:
    """Folders that hold a `defs.yaml`: the given ones, or their children.

    Raises:
        YamlError: for a folder that does not exist, or holds none.
    """
    found: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise YamlError(f"{folder} is named in {RECOMMENDERS} but is not a folder; correct the path or remove it.")
        inside = [folder] if (folder / FILE).is_file() else sorted(p.parent for p in folder.glob(f"*/{FILE}"))
        if not inside:
            raise YamlError(
                f"{folder} is named in {RECOMMENDERS} but neither it nor a folder in it holds a {FILE}; "
                "write one there, or correct the path."
            )
        found.update(dict.fromkeys(inside))
    return list(found)


def load(folder: Path) -> dg.Definitions:
    """The definitions in a folder's `defs.yaml`.

    Raises:
        YamlError: when it cannot be used.
    """
    with _explained(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of Dagster's own code
        return _tree(folder).build_defs_at_path(folder)


def names(folder: Path) -> list[str]:
    """The names of the recommenders in a folder's `defs.yaml`; their logs are not looked at.

    Raises:
        YamlError: when it cannot be used.
    """
    with _explained(folder):
        return [named(component, folder) for component in _tree(folder).get_all_components(of_type=Recommender)]


def blueprints(folder: Path, home: Home) -> list[Blueprint]:
    """The recommenders in a folder's `defs.yaml`, without their assets.

    Raises:
        YamlError: when it cannot be used.
    """
    with _explained(folder):
        components = _tree(folder).get_all_components(of_type=Recommender)
        return [Blueprint.draw(component, folder, home) for component in components]


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turns whatever loading throws, a panic of Rust code too, into the YamlError of this folder."""
    try:
        require_readable(folder / FILE)
        require_distinct_keys(folder / FILE)
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        raise explain(error, folder / FILE) from error


def _tree(folder: Path) -> dg.ComponentTree:
    # Dagster knows components by module, so the folder becomes one; its name must not collide with that of
    # another folder of the same name elsewhere.
    module = types.ModuleType(f"recsys_outside_{sha256(str(folder).encode()).hexdigest()[:12]}")
    module.__path__, module.__file__ = [str(folder)], None
    sys.modules[module.__name__] = module
    return dg.ComponentTree.from_module(defs_module=module, project_root=folder)
