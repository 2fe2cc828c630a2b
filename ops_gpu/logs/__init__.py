"""Raw logs in any layout to canonical frames."""

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
