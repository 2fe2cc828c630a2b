"""StreamedBatches: batches that come one after another, as a network takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ops_gpu.features.training_rows import Batches, Columns
from ops_gpu.models.training.array_loader import Gathered


@dataclass(frozen=True)
class StreamedBatches:
    """Epochs of some batches, made ready for a network.

    Args:
        batches: of one size.
        ready: gives what the network reads from the columns of a batch.
        failures: what ended them early; a framework that pulls batches tells of it in words of its own.
    """

    batches: Batches
    ready: Callable[[Columns], Gathered]
    failures: list[Exception] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.batches)

    def epochs(self, number: int) -> Iterator[Gathered]:
        """The batches of some epochs, one after another."""
        try:
            for _ in range(number):
                yield from map(self.ready, self.batches)
        except Exception as error:
            self.failures.append(error)
            raise
