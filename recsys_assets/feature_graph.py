"""The feature graph of a recommender: derived from the schema, or made by the user's own function."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from ops_gpu.graph import Node
from ops_gpu.schema import Schema
from recsys_assets.blueprint import Blueprint

Graph = Callable[[Schema], Node]


def feature_graph(plan: Blueprint) -> Graph:
    """The function that gives the graph for a schema.

    `workflow: features.build` in the YAML is the function `build` of `features.py` beside the YAML, or else
    of an importable module `features`.

    Raises:
        ValueError: when there is no such function.
    """
    from ops_gpu.default_workflow import default_workflow

    dotted = plan.settings.workflow
    if dotted is None:
        return default_workflow
    module, _, function = dotted.rpartition(".")
    try:
        found: object = getattr(_module(module, plan), function)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"workflow is {dotted!r}, but there is no such function ({error}); write it in "
            f"{plan.place.base / (module.replace('.', '/') + '.py')}, or name an importable one."
        ) from error
    if not callable(found):
        raise ValueError(f"workflow is {dotted!r}, which is no function; name one that takes a Schema.")
    return found


def graph_source(plan: Blueprint) -> str | None:
    """Text of the file that holds the user's function, so that editing it makes the features stale."""
    if plan.settings.workflow is None:
        return None
    module = plan.settings.workflow.rpartition(".")[0]
    path = _beside(module, plan)
    if path is None:
        spec = importlib.util.find_spec(module.partition(".")[0])
        path = Path(spec.origin) if spec and spec.origin else None
    return path.read_text(encoding="utf-8") if path and path.exists() else None


def _module(name: str, plan: Blueprint) -> object:
    path = _beside(name, plan)
    if path is None:
        return importlib.import_module(name)
    unique = f"recsys_workflow_{plan.identifier}_{name.replace('.', '_')}"
    spec = importlib.util.spec_from_file_location(unique, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    spec.loader.exec_module(module)
    return module


def _beside(module: str, plan: Blueprint) -> Path | None:
    path = plan.place.base / (module.replace(".", "/") + ".py")
    return path if path.is_file() else None
