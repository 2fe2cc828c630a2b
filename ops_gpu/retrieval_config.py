"""Settings of the two-tower retrieval model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RetrievalConfig:
    """How the towers are built and trained.

    Args:
        dimension: width of the shared space.
        hidden: widths of the hidden layers of each tower.
        history_length: last items of a user that the query tower reads.
        temperature: divides the cosine before the softmax; lower is sharper.
        epochs: passes over the training events of a full fit.
        continue_epochs: passes over new events when a fitted model is continued.
        batch_size: rows a batch, and so negatives a row.
        learning_rate: of Adam.
        id_dropout: share of rows whose ids are hidden, so that features alone can place a new user or item.
        seed: fixes initial weights and the order of rows.
    """

    dimension: int = 32
    hidden: tuple[int, ...] = (64,)
    history_length: int = 30
    temperature: float = 0.1
    epochs: int = 4
    continue_epochs: int = 1
    batch_size: int = 1024
    learning_rate: float = 2e-3
    id_dropout: float = 0.1
    seed: int = 7
