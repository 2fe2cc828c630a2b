"""Telling how a fit comes on, a line an epoch, and ending it where there is nothing to go on with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras

Progress = Callable[[str], None]


def epoch_lines(progress: Progress | None, epochs: int, part: str, why: Callable[[], str]) -> list[Any]:
    """Keras callbacks that tell the loss of every epoch, and stop at one that is no number.

    Args:
        progress: told one line an epoch; None tells nobody.
        epochs: how many there will be.
        part: what is fitted.
        why: gives the reason for such a loss, as the end of a sentence.

    Raises:
        ValueError: by the callback, for the first loss that is not finite.
    """

    def report(epoch: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            raise ValueError(f"the loss of {part} is {logs['loss']} in epoch {epoch + 1} of {epochs}; {why()}.")
        if progress is not None:
            progress(f"epoch {epoch + 1}/{epochs}: loss {logs['loss']:.4f}")

    return [keras.callbacks.LambdaCallback(on_epoch_end=report)]
