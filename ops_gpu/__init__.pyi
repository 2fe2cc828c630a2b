from .engines.dask import DaskEngine
from .engines.dataset import Dataset
from .engines.engine import Engine
from .engines.gpu import GpuEngine
from .engines.local import LocalEngine
from .graph.node import Node
from .schema.column import ColumnSchema, Domain
from .schema.schema import Schema
from .schema.tags import Tags
from .workflow.workflow import Workflow

__all__ = [
    "ColumnSchema",
    "DaskEngine",
    "Dataset",
    "Domain",
    "Engine",
    "GpuEngine",
    "LocalEngine",
    "Node",
    "Schema",
    "Tags",
    "Workflow",
]
