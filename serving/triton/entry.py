"""Where the models of a Triton server begin: what deployed model directories name, and what does not move again."""

from __future__ import annotations

from importlib import import_module
from typing import Any

MODELS = {
    "release": "backend_model",
    "router": "router_model",
    "request": "request_model",
    "step": "step_model",
    "answer": "answer_model",
}
"""Kinds of models that the Python backend runs, with the module of `serving.triton.python_backend` of each."""


def model_class(kind: str) -> Any:
    """The class that Triton's Python backend runs.

    Args:
        kind: one of `MODELS`.

    Raises:
        ValueError: for another kind, of a version that is newer than this one.
    """
    if kind not in MODELS:
        raise ValueError(
            f"the model is a {kind!r}, expected one of {', '.join(MODELS)}; deploy it by this version anew."
        )
    return import_module(f"serving.triton.python_backend.{MODELS[kind]}").TritonPythonModel
