"""The feature graph of a recommender: derived from the schema, or made by the user's own function."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

from ops_gpu.graph.node import Node
from ops_gpu.schema.schema import Schema
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.graph_code import OURS

Graph = Callable[[Schema], Node]


def feature_graph(blueprint: Blueprint) -> Graph:
    """The function that gives the graph for a schema.

    `workflow: features.build` in the YAML is the function `build` of `features.py` beside the YAML, or else
    of an importable module `features`. It may import other modules beside the YAML.

    Raises:
        ValueError: when there is no such function.
    """
    from ops_gpu.workflow.default_workflow import default_workflow

    dotted, base = blueprint.settings.workflow, blueprint.place.base
    if dotted is None:
        return default_workflow
    module, _, function = dotted.rpartition(".")
    try:
        with _modules_beside(base):
            found: object = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise ValueError(
            f"workflow is {dotted!r}, but there is no such function ({error}); write it in "
            f"{base / (module.replace('.', '/') + '.py')}, or name an importable one."
        ) from error
    if not callable(found):
        raise ValueError(f"workflow is {dotted!r}, which is no function; name one that takes a Schema.")

    @wraps(found)
    def build(schema: Schema) -> Node:
        with _modules_beside(base):
            node: Node = found(schema)
            return node

    return build


@contextmanager
def _modules_beside(folder: Path) -> Iterator[None]:
    """Lets modules beside a YAML be imported by their plain names, and forgets them afterwards.

    Another recommender may have modules of the same names beside its YAML, and an edited one is to be read again.
    """
    there = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()} - set(OURS)
    others = [name for name in sys.modules if name.partition(".")[0] in there and not _lies_in(name, folder)]
    hidden = {name: sys.modules.pop(name) for name in others}
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in there:
                del sys.modules[name]
        sys.modules.update(hidden)


def _lies_in(module: str, folder: Path) -> bool:
    file = getattr(sys.modules[module], "__file__", None)
    return file is not None and Path(file).is_relative_to(folder)
