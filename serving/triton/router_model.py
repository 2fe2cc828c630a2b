"""What model directories of versions before `serving.triton.entry` name."""

from serving.triton.python_backend.router_model import TritonPythonModel

__all__ = ["TritonPythonModel"]
