"""What imports cost that nobody needs: JAX, which TensorFlow and Keras do not use, and Feast's type checks."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from types import FrameType

ASKING = ("tensorflow.lite.python.util", "keras.src.callbacks.orbax_checkpoint")
"""A converter for small devices, and a repair of old versions of JAX."""


class SparedImports(MetaPathFinder):
    """Answers these modules, and nobody else, that there is no JAX: it takes 0.1 GB and half a second a process.

    Who imports JAX, a model of one's own among them, gets it. Who imports Feast gets it without type checks.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Finds nothing, ever.

        Raises:
            ImportError: to these modules.
        """
        if fullname == "jax" and _importer() in ASKING:
            raise ImportError("no JAX in passing", name=fullname)
        if fullname == "feast":
            from serving.stores.unchecked_feast import spare_type_checks

            spare_type_checks()


def spare_imports() -> None:
    """Installs it, once a process."""
    if not any(isinstance(finder, SparedImports) for finder in sys.meta_path):
        sys.meta_path.insert(0, SparedImports())


def _importer() -> str:
    """The module in which the import that is being made now was written: the first frame outside the import system."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(("importlib", "_frozen_importlib")):
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__"))
