"""Raw logs in any layout to canonical frames.

Modules are loaded when a name of theirs is first asked for: those that only define a pipeline need no Polars.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops_gpu.logs.days import FileDays, check_window, days_of_files, span
    from ops_gpu.logs.decision import decide_id_types
    from ops_gpu.logs.entities import EntityTable
    from ops_gpu.logs.errors import LogError
    from ops_gpu.logs.identifiers import IdTypes
    from ops_gpu.logs.interactions import InteractionLog
    from ops_gpu.logs.loading import CleanLog, read_interactions
    from ops_gpu.logs.place import LogPlace, expand
    from ops_gpu.logs.report import CleanReport
    from ops_gpu.logs.source import LogSource
    from ops_gpu.logs.tables import read_items, read_users

_MODULES = {
    "FileDays": "days",
    "check_window": "days",
    "days_of_files": "days",
    "span": "days",
    "decide_id_types": "decision",
    "EntityTable": "entities",
    "LogError": "errors",
    "IdTypes": "identifiers",
    "InteractionLog": "interactions",
    "CleanLog": "loading",
    "read_interactions": "loading",
    "LogPlace": "place",
    "expand": "place",
    "CleanReport": "report",
    "LogSource": "source",
    "read_items": "tables",
    "read_users": "tables",
}

__all__ = [
    "CleanLog",
    "CleanReport",
    "EntityTable",
    "FileDays",
    "IdTypes",
    "InteractionLog",
    "LogError",
    "LogPlace",
    "LogSource",
    "check_window",
    "days_of_files",
    "decide_id_types",
    "expand",
    "read_interactions",
    "read_items",
    "read_users",
    "span",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
