"""FitConfig: all settings of the models of one recommender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops_gpu.candidates.candidate_config import CandidateConfig, source_names
from ops_gpu.features.ranking_features import feature_names
from ops_gpu.models.model_config import RankerConfig, RetrieverConfig
from ops_gpu.models.registry import RETRIEVERS, default_ranking, default_retrieval


@dataclass(frozen=True)
class FitConfig:
    """All settings of the models of one recommender.

    Args:
        retrieval: of the retrieval models, by their names; at least one.
        candidates: of the sources.
        ranking: of the ranker and its training lists.

    Raises:
        ValueError: for no retrieval model, or more sources than can be told apart.

    Example:
        >>> FitConfig().names[1:]
        ('popular', 'history', 'co_occurrence')
    """

    retrieval: Mapping[str, RetrieverConfig] = field(default_factory=default_retrieval)
    candidates: CandidateConfig = field(default_factory=CandidateConfig)
    ranking: RankerConfig = field(default_factory=default_ranking)

    def __post_init__(self) -> None:
        if not self.retrieval:
            raise ValueError(f"there is no retrieval model; name at least one of {', '.join(RETRIEVERS)}.")
        source_names(tuple(self.retrieval))

    @property
    def names(self) -> tuple[str, ...]:
        """All candidate sources, in the order of their bits."""
        return source_names(tuple(self.retrieval))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the ranking features."""
        return feature_names(len(self.candidates.snapshot.half_lives_days), tuple(self.retrieval))

    @property
    def history_length(self) -> int:
        """Items of a user's past that rows of events hold: what the longest sequence of a model needs, at least one."""
        return max(1, *(config.sequence_length for config in self.retrieval.values()))
