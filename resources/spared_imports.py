"""What imports cost that nobody needs: what TensorFlow and Keras import in passing, and Feast's type checks."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from types import FrameType

IN_PASSING = {
    "jax": ("tensorflow.lite.python.util", "keras.src.callbacks.orbax_checkpoint"),
    "sklearn": ("keras.src.wrappers.",),
    "matplotlib": ("keras.src.visualization.",),
}
"""Packages, and how the names of modules begin that import them where they are installed: for a converter for
small devices, a repair of old versions of JAX, models in the dress of scikit-learn, and galleries of images."""


class SparedImports(MetaPathFinder):
    """Answers these modules, and nobody else, that there is no such package: all take 0.1 GB and 3 s a process.

    Who imports JAX, scikit-learn or Matplotlib, a model of one's own among them, gets it; `keras.wrappers` and the
    galleries of `keras.visualization` alone say that they lack it. Who imports Feast gets it without type checks.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Finds nothing, ever.

        Raises:
            ImportError: to these modules.
        """
        package = fullname.partition(".")[0]
        if package in IN_PASSING and _importer().startswith(IN_PASSING[package]):
            raise ImportError(f"no {package} in passing", name=fullname)
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
