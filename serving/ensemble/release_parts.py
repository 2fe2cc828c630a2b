"""The parts of a release, written from fitted models, and read back to compare with later ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.features.tiered_feature_table import write_feature_table
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.models.contract import DenseRetriever, Ranker, Retriever, Retrievers
from ops_gpu.models.registry import DEFAULT_RANKER, DEFAULT_RETRIEVER, RANKERS, RETRIEVERS, Family, family, ranker_name
from ops_gpu.schema.schema import Schema
from serving.ensemble.four_stages import INDEX, RANKER, RETRIEVAL, VECTORS, four_stages
from serving.ensemble.four_stages_config import FourStagesConfig, RankerStage, RetrievalStage
from serving.release.built_with import write_built_with
from serving.rules.item_attributes import ItemAttributes
from serving.rules.list_rules import ListRules

if TYPE_CHECKING:
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.graph.node import Node
    from ops_gpu.recommender.candidate_sources import CandidateSources
    from ops_gpu.recommender.fit_config import FitConfig
    from ops_gpu.workflow.workflow import Workflow

SETTINGS, ATTRIBUTES = "fit.json", "item_attributes"
ITEM_MEMORY_MB = 512.0
OF_MODELS = (RETRIEVAL, VECTORS, INDEX, RANKER)


@dataclass(frozen=True)
class Parts:
    """All that a release holds.

    Args:
        workflow: fitted.
        data: events and features, encoded by it.
        sources: candidate sources as of the release's moment, cold items offered.
        retrievers: retrieval models by name, trained up to that moment.
        ranking: ranker.
        config: settings of the models.
    """

    workflow: Workflow
    data: TrainingData
    sources: CandidateSources
    retrievers: Retrievers
    ranking: Ranker
    config: FitConfig

    def write(
        self,
        folder: Path,
        user: Node,
        raw_users: Schema,
        id_types: dict[str, str],
        rules: ListRules | None = None,
        item_memory_mb: float = ITEM_MEMORY_MB,
    ) -> None:
        """Writes every part into a new folder, ready for `Release.write`.

        Args:
            folder: does not exist yet.
            user: source of raw user features (`QueryFeast`).
            raw_users: raw user features without id and history.
            id_types: `int64` or `string` of `user` and `item`.
            rules: filters and ordering; without any, the exact order of score.
            item_memory_mb: item features that take more are served from disk, with this much memory before it.

        Raises:
            ValueError: when the workflow has an operator that a server does not know, or that runs code; nothing is
                written then.
        """
        from ops_gpu.workflow.servable import require_servable  # brings Polars

        require_servable(self.workflow.node)
        folder.mkdir(parents=True)
        self.workflow.save(folder / "workflow")
        for name, model in self.retrievers.items():
            model.save(folder / RETRIEVAL / name)
            source: Any = self.sources.learned[name]
            if isinstance(model, DenseRetriever):
                (folder / VECTORS / name).mkdir(parents=True)
                np.save(folder / VECTORS / name / "vectors.npy", source.vectors, allow_pickle=False)
                source.index.save(folder / INDEX / name)
        write_feature_table(self.data.items, folder / "item_features", int(item_memory_mb * 2**20))
        self.sources.item_state.save(folder / "snapshot")
        self.ranking.save(folder / RANKER)
        retrieval = [{"model": name, **asdict(config)} for name, config in self.config.retrieval.items()]
        ranking = {"model": ranker_name(self.config.ranking), **asdict(self.config.ranking)}
        settings = {"retrieval": retrieval, "ranking": ranking, "candidates": asdict(self.config.candidates)}
        (folder / SETTINGS).write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        rules = rules or ListRules()
        attributes = rules.attributes(self.workflow, self.data.items.size)
        if attributes is not None:
            attributes.save(folder / ATTRIBUTES)
        self.stages(user, raw_users, id_types, folder, rules)
        self._note_lineage(folder)

    def stages(
        self,
        user: Node,
        raw_users: Schema,
        id_types: dict[str, str],
        folder: Path,
        rules: ListRules,
    ) -> None:
        """Wires the four stages for these parts and writes the graph, and the models for what runs them."""
        attributes = ItemAttributes.load(folder / ATTRIBUTES).schema if rules.filters else Schema()
        config = FourStagesConfig(
            user_id_dtype=id_types["user"],
            item_id_dtype=id_types["item"],
            raw_users=raw_users,
            users=self.data.user_schema,
            items=self.data.item_schema,
            retrieval=[self._retrieval_stage(name, model, folder) for name, model in self.retrievers.items()],
            ranker=self._ranker_stage(folder),
            candidates=self.config.candidates,
            ordering=rules.ordering,
            filters=rules.filters,
            attributes=attributes,
        )
        four_stages(user, config).save(folder / "ensemble.json")

    def _retrieval_stage(self, name: str, model: Retriever, folder: Path) -> RetrievalStage:
        if not isinstance(model, DenseRetriever):
            return RetrievalStage(name)
        network = model.network()
        runtime = _runtime(folder / RETRIEVAL / name / network.file)
        return RetrievalStage(name, network, model.config.sequence_length, runtime)

    def _ranker_stage(self, folder: Path) -> RankerStage:
        network, config = self.ranking.network(), self.ranking.config
        users, items = (self.ranking.columns(s, config) for s in (self.data.user_schema, self.data.item_schema))
        return RankerStage(network, users, items, _runtime(folder / RANKER / network.file))

    def _note_lineage(self, folder: Path) -> None:
        hashes = {"workflow": self.workflow.hash()}
        write_built_with(folder / "item_features", **hashes)
        write_built_with(folder / "snapshot", **hashes)
        if (folder / ATTRIBUTES).exists():
            write_built_with(folder / ATTRIBUTES, **hashes)
        hashes["retrieval_model"] = self._learned()
        for part in OF_MODELS:
            if (folder / part).exists():
                write_built_with(folder / part, **hashes)

    def _learned(self) -> str:
        """Hash of what the retrieval models have learned, as candidates are found by it."""
        digest = hashlib.sha256()
        for source in self.sources.learned.values():
            for array in source.learned():
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _runtime(model: Path) -> str:
    """What runs a model best; its file for ONNX Runtime is written beside it."""
    from serving.runtimes.onnx_export import export_onnx  # brings TensorFlow

    return "onnx" if export_onnx(model, model.with_suffix(".onnx")) else "tensorflow"


def read_settings(folder: Path) -> FitConfig:
    """The settings that a release's models were fitted with.

    Raises:
        ValueError: when a model is of a family that is not registered.
    """
    from ops_gpu.recommender.fit_config import FitConfig

    values = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    candidates = dict(values["candidates"])
    snapshot = ItemStateConfig(**_tuples(candidates.pop("snapshot")))
    if "sizes" not in candidates:  # of a version before
        repeats = candidates.pop("repeats")
        candidates = {"sizes": candidates, "repeats": repeats}
    retrieval, ranking = values["retrieval"], values["ranking"]
    models = retrieval if isinstance(retrieval, list) else [{"model": DEFAULT_RETRIEVER, **retrieval}]
    return FitConfig(
        {model["model"]: _settings(RETRIEVERS, model) for model in models},
        CandidateConfig(**candidates, snapshot=snapshot),
        _settings(RANKERS, {"model": DEFAULT_RANKER, **ranking}),
    )


def retriever_folder(root: Path, name: str) -> Path:
    """Folder of a retrieval model, of its vectors or of its index; a version before had one model, at the root."""
    return root / name if (root / name).is_dir() else root


def _settings(families: Mapping[str, Family], values: Mapping[str, Any]) -> Any:
    known = dict(values)
    return family(families, known.pop("model")).config_class()(**_tuples(known))


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
