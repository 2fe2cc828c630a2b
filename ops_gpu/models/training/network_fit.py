"""The one loop by which networks are trained."""

from __future__ import annotations

from collections.abc import Callable

import keras

from ops_gpu.models.training.array_loader import ArrayLoader
from ops_gpu.models.training.lazy_adam import LazyAdam
from ops_gpu.models.training.not_finite import require_finite_weights
from ops_gpu.models.training.progress import Progress, epoch_lines
from ops_gpu.models.training.streamed_batches import StreamedBatches


def network_fit(
    trainer: keras.Model,
    loader: ArrayLoader | StreamedBatches,
    *,
    epochs: int,
    learning_rate: float,
    part: str,
    why: Callable[[], str],
    progress: Progress | None = None,
    network: keras.Model | None = None,
) -> tuple[float, ...]:
    """Trains a network by `LazyAdam`, in the order of its loader.

    Args:
        trainer: a model that computes its own loss.
        loader: of its batches.
        epochs: passes over all rows.
        learning_rate: of Adam.
        part: what is fitted, for messages.
        why: gives the reason for a loss that is no number, as the end of a sentence.
        progress: told one line an epoch.
        network: whose weights are looked at afterwards, where the trainer only wraps it.

    Returns:
        Mean training loss of every epoch.

    Raises:
        ValueError: for a loss or a weight that is no finite number, or rows that cannot be read.
    """
    trainer.compile(optimizer=LazyAdam(learning_rate))
    trainer.optimizer.build(trainer.trainable_variables)  # made while tracing, it costs a second trace
    lines = epoch_lines(progress, epochs, part, why)
    batches = loader.epochs(epochs) if isinstance(loader, StreamedBatches) else loader
    try:
        history = trainer.fit(
            batches, epochs=epochs, steps_per_epoch=len(loader), shuffle=False, verbose=0, callbacks=lines
        )
    except Exception:
        if isinstance(loader, StreamedBatches) and loader.failures:
            raise loader.failures[0] from None
        raise
    require_finite_weights(trainer if network is None else network, part, why)
    return tuple(map(float, history.history["loss"]))
