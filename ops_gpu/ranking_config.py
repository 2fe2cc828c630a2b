"""Settings of candidate sources, training rows and the ranking model."""

from __future__ import annotations

from dataclasses import dataclass, field

from ops_gpu.snapshot_config import SnapshotConfig


@dataclass(frozen=True)
class CandidateConfig:
    """How many candidates each source brings; 0 switches a source off.

    Args:
        two_tower: nearest items by the two-tower model.
        popular: items popular now.
        history: the user's own items; only worth it where repeats are welcome.
        co_occurrence: items that go with what the user chose lately.
        repeats: whether items that the user has already interacted with may come back.
        snapshot: the decays and neighbours that the sources read.
    """

    two_tower: int = 100
    popular: int = 100
    history: int = 0
    co_occurrence: int = 100
    repeats: bool = False
    snapshot: SnapshotConfig = field(default_factory=SnapshotConfig)


@dataclass(frozen=True)
class RankingConfig:
    """How the ranker's training rows are made and the model is trained.

    Training lists are made as of several past moments, exactly as a live request would have been answered then,
    and labelled by what the users chose within the horizon after it.

    Args:
        moments: past moments to make lists at.
        step_days: days between two of them.
        horizon_days: days after a moment in which a choice counts.
        lists: lists kept a moment, drawn at random.
        list_size: candidates kept a list: all positives, then random others.
        dimension: width of the embeddings and of the bottom network's output.
        bottom: hidden widths over the continuous features.
        top: hidden widths over the interactions.
        id_embeddings: whether the user's and the item's own ids are features of the ranker.
        epochs: passes over the lists of a full fit.
        continue_epochs: passes over new lists when a fitted ranker is continued.
        batch_lists: lists a batch.
        learning_rate: of Adam.
        seed: fixes initial weights, samples and orders.
    """

    moments: int = 8
    step_days: float = 7.0
    horizon_days: float = 7.0
    lists: int = 2000
    list_size: int = 100
    dimension: int = 16
    bottom: tuple[int, ...] = (64,)
    top: tuple[int, ...] = (64, 32)
    id_embeddings: bool = False
    epochs: int = 5
    continue_epochs: int = 1
    batch_lists: int = 64
    learning_rate: float = 1e-3
    seed: int = 7
