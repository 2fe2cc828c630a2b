"""What the four-stage ensemble of a recommender is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.schema.schema import Schema
from serving.rules.condition import Condition
from serving.rules.ordering_config import OrderingConfig

DEFAULT_K = 10
MOST_ITEMS = 1000
"""The most items that one user can be given in one request."""


@dataclass(frozen=True)
class FourStagesConfig:
    """Types, sizes and schemas.

    Args:
        user_id_dtype: type of raw user ids, `int64` or `string`.
        item_id_dtype: type of raw item ids, `int64` or `string`.
        raw_users: raw user features as the feature store holds them (without ids and history).
        users: engineered user columns that models read (`TrainingData.user_schema`).
        items: engineered item columns that models read (`TrainingData.item_schema`).
        dimension: width of the two towers' vectors.
        history_length: last items that the query tower reads.
        id_embeddings: whether the ranker reads the ids themselves.
        candidates: sources and their sizes; whether repeats are welcome.
        temperature: short for `OrderingConfig(softmax_sampling=Sampling(temperature))`; 0 is the exact top k.
        tower_runtime: what runs the query tower, `tensorflow` or `onnx`.
        ranker_runtime: what runs the ranker.
        ordering: how lists are made of scored candidates.
        filters: conditions that a recommended item must meet.
        attributes: raw item columns that the filters read, as the release holds them (`ItemAttributes.schema`).

    Raises:
        ValueError: when lists are to be drawn at random and put in order in another way at once.
    """

    user_id_dtype: str
    item_id_dtype: str
    raw_users: Schema
    users: Schema
    items: Schema
    dimension: int
    history_length: int
    id_embeddings: bool = False
    candidates: CandidateConfig = field(default_factory=CandidateConfig)
    temperature: float = 0.0
    tower_runtime: str = "tensorflow"
    ranker_runtime: str = "tensorflow"
    ordering: OrderingConfig = field(default_factory=OrderingConfig)
    filters: Sequence[Condition] = ()
    attributes: Schema = field(default_factory=Schema)

    def __post_init__(self) -> None:
        if self.temperature and (self.ordering.way or self.ordering.softmax_sampling):
            raise ValueError(f"temperature is {self.temperature}, and ordering is {self.ordering}; leave one out.")

    @property
    def sampled_at(self) -> float:
        """Temperature at which lists are drawn; 0 where they are not left to chance."""
        return self.temperature or self.ordering.temperature
