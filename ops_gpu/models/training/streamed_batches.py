"""StreamedBatches: batches that come one after another, as a network takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ops_gpu.features.training_rows import Batches, Columns
from ops_gpu.models.training.array_loader import Gathered


@dataclass(frozen=True)
class StreamedBatches:
    """All epochs of some batches, made ready for a network.

    Args:
        batches: of one size.
        ready: gives what the network reads from the columns of a batch.
    """

    batches: Batches
    ready: Callable[[Columns], Gathered]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Gathered]:
        """Epoch after epoch, without an end."""
        while True:
            yield from map(self.ready, self.batches)
