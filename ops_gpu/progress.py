"""Telling how a fit comes on, a line an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Progress = Callable[[str], None]


def epoch_lines(progress: Progress | None, epochs: int) -> list[Any]:
    """Keras callbacks that tell the loss of every epoch.

    Args:
        progress: told one line an epoch; None tells nobody.
        epochs: how many there will be.
    """
    if progress is None:
        return []

    def report(epoch: int, logs: dict[str, float]) -> None:
        progress(f"epoch {epoch + 1}/{epochs}: loss {logs['loss']:.4f}")

    return [keras.callbacks.LambdaCallback(on_epoch_end=report)]
