from .disk_store import build_store, open_store
from .rows.keys import KeyType
from .rows.row_format import RowColumn, RowFormat
from .rows.store_error import StoreError
from .rows.store_settings import StoreSettings
from .rows.tier import Tier
from .store_metrics import StoreMetrics
from .tiered_store import StoredRows, TieredStore

__all__ = [
    "KeyType",
    "RowColumn",
    "RowFormat",
    "StoreError",
    "StoreMetrics",
    "StoreSettings",
    "StoredRows",
    "Tier",
    "TieredStore",
    "build_store",
    "open_store",
]
