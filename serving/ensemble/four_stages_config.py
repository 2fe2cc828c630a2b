"""What the four-stage ensemble of a recommender is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ops_gpu.candidates.candidate_config import CandidateConfig, source_names
from ops_gpu.models.contract import Network
from ops_gpu.schema.schema import Schema
from serving.rules.condition import Condition
from serving.rules.ordering_config import OrderingConfig


@dataclass(frozen=True)
class RetrievalStage:
    """A retrieval model as it is served.

    Args:
        name: of the model, and of the candidate source that it is.
        network: what embeds who asks; None for a sparse model, which has a table of weights.
        sequence_length: last items of a user that it reads.
        runtime: what runs the network, `tensorflow` or `onnx`.
    """

    name: str
    network: Network | None = None
    sequence_length: int = 0
    runtime: str = "tensorflow"


@dataclass(frozen=True)
class RankerStage:
    """The ranker as it is served.

    Args:
        network: what scores.
        users: those columns of users that it reads.
        items: those columns of items that it reads.
        runtime: what runs the network, `tensorflow` or `onnx`.
    """

    network: Network
    users: Schema
    items: Schema
    runtime: str = "tensorflow"


@dataclass(frozen=True)
class FourStagesConfig:
    """Types, sizes and schemas.

    Args:
        user_id_dtype: type of raw user ids, `int64` or `string`.
        item_id_dtype: type of raw item ids, `int64` or `string`.
        raw_users: raw user features as the feature store holds them (without ids and history).
        users: engineered user columns that models read (`TrainingData.user_schema`).
        items: engineered item columns that models read (`TrainingData.item_schema`).
        retrieval: the retrieval models, in the order of their features.
        ranker: what scores candidates.
        candidates: sources and their sizes; whether repeats are welcome.
        ordering: how lists are made of scored candidates.
        filters: conditions that a recommended item must meet.
        attributes: raw item columns that the filters read, as the release holds them (`ItemAttributes.schema`).
    """

    user_id_dtype: str
    item_id_dtype: str
    raw_users: Schema
    users: Schema
    items: Schema
    retrieval: Sequence[RetrievalStage]
    ranker: RankerStage
    candidates: CandidateConfig = field(default_factory=CandidateConfig)
    ordering: OrderingConfig = field(default_factory=OrderingConfig)
    filters: Sequence[Condition] = ()
    attributes: Schema = field(default_factory=Schema)

    @property
    def sources(self) -> tuple[str, ...]:
        """All candidate sources in the order of their bits."""
        return source_names(tuple(stage.name for stage in self.retrieval))
