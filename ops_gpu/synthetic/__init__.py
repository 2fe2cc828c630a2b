"""A small world with known tastes, for demonstrations and for measuring what can be learned."""

from ops_gpu.synthetic.demo import DemoData
from ops_gpu.synthetic.oracle import Oracle
from ops_gpu.synthetic.settings import DemoSettings

__all__ = ["DemoData", "DemoSettings", "Oracle"]
