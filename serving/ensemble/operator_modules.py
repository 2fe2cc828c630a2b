"""The classes of serving operators, imported by name: each lies in a file of its own."""

from __future__ import annotations

import importlib
import pkgutil


def import_operator(name: str) -> None:
    """Imports the module of one operator of this package, and nothing that the others need.

    A process that runs a single operator stays small this way. Operators of other packages are imported by whoever
    uses them.

    Args:
        name: class name, `QueryFaiss` for `serving/operators/retrieval/query_faiss.py`.
    """
    import serving.operators as package

    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.rpartition(".")[2].replace("_", "") == name.lower():
            importlib.import_module(module.name)
