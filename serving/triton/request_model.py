"""What model directories of versions before `serving.triton.entry` name."""

from serving.triton.python_backend.request_model import TritonPythonModel

__all__ = ["TritonPythonModel"]
