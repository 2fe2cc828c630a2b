from .disk_store import build_store, open_store
from .keys import KeyType
from .row_format import RowColumn, RowFormat
from .store_error import StoreError
from .store_metrics import StoreMetrics
from .store_settings import StoreSettings
from .tier import Tier
from .tiered_store import Answer, TieredStore

__all__ = [
    "Answer",
    "KeyType",
    "RowColumn",
    "RowFormat",
    "StoreError",
    "StoreMetrics",
    "StoreSettings",
    "Tier",
    "TieredStore",
    "build_store",
    "open_store",
]
