"""A small world with known tastes, for demonstrations and for measuring what can be learned.

Modules are loaded when a name of theirs is first asked for: those that only define a pipeline need no Polars.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops_gpu.synthetic.demo import DemoData
    from ops_gpu.synthetic.oracle import Oracle
    from ops_gpu.synthetic.settings import DemoSettings

_MODULES = {
    "DemoData": "demo",
    "Oracle": "oracle",
    "DemoSettings": "settings",
}

__all__ = [
    "DemoData",
    "DemoSettings",
    "Oracle",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
