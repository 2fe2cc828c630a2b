"""ReleasedModel: a release as a Triton server is to serve it."""

from __future__ import annotations

from dataclasses import dataclass

from serving.ensemble.ensemble import Ensemble
from serving.ensemble.source_names import source_names
from serving.release.release import Release
from serving.request.model_names import model_name
from serving.triton.repository.model_config import ModelTensors
from serving.triton.repository.model_settings import ModelSettings


@dataclass(frozen=True)
class ReleasedModel:
    """What every layout of a release's models is written from.

    Args:
        recommender: its name.
        release_hash: of the release.
        release_path: the release's directory as the server sees it.
        tensors: inputs and outputs.
        settings: layout, instances, batching, log.
        sources: names of the candidate sources, in the order of their bits.
    """

    recommender: str
    release_hash: str
    release_path: str
    tensors: ModelTensors
    settings: ModelSettings
    sources: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        release: Release,
        ensemble: Ensemble,
        settings: ModelSettings,
        release_path: str | None = None,
        recommender: str | None = None,
    ) -> ReleasedModel:
        """Of a release.

        Args:
            release: the release.
            ensemble: of the release, a description.
            settings: layout, instances, batching, log.
            release_path: its directory as the server sees it, where that differs.
            recommender: what applications call it, where that is not its own name.
        """
        return cls(
            recommender or release.name,
            release.hash,
            release_path or str(release.path),
            ModelTensors.of(ensemble.inputs, ensemble.outputs),
            settings,
            source_names(ensemble),
        )

    @property
    def name(self) -> str:
        """Name of its model, `NAME.<hash>`, the same in every layout."""
        return model_name(self.recommender, self.release_hash)
