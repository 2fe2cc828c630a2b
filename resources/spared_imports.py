"""Imports that nobody needs: TensorFlow and Keras import JAX wherever it is installed, and do not use it."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from types import FrameType

ASKING = ("tensorflow.lite.python.util", "keras.src.callbacks.orbax_checkpoint")
"""A converter for small devices, and a repair of old versions of JAX."""


class NoJaxInPassing(MetaPathFinder):
    """Answers these modules, and nobody else, that there is no JAX: it takes 0.1 GB and half a second a process.

    Who imports JAX, a model of one's own among them, gets it.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Finds nothing, ever.

        Raises:
            ImportError: to these modules.
        """
        if fullname == "jax" and _importer() in ASKING:
            raise ImportError("no JAX in passing", name=fullname)


def spare_imports() -> None:
    """Installs it, once a process."""
    if not any(isinstance(finder, NoJaxInPassing) for finder in sys.meta_path):
        sys.meta_path.insert(0, NoJaxInPassing())


def _importer() -> str:
    """The module in which the import that is being made now was written: the first frame outside the import system."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(("importlib", "_frozen_importlib")):
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__"))
