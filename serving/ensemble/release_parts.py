"""The parts of a release, written from fitted models, and read back to compare with later ones."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.features.tiered_feature_table import write_feature_table
from ops_gpu.interactions.item_state_config import SnapshotConfig
from ops_gpu.models.ranking.dlrm_config import RankingConfig
from ops_gpu.models.retrieval.two_tower_config import RetrievalConfig
from ops_gpu.schema.schema import Schema
from serving.ensemble.four_stages import QUERY_TOWER, RANKER, four_stages
from serving.ensemble.four_stages_config import FourStagesConfig
from serving.release.built_with import write_built_with
from serving.rules.item_attributes import ItemAttributes
from serving.rules.list_rules import ListRules

if TYPE_CHECKING:
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.graph.node import Node
    from ops_gpu.models.ranking.model import RankingModel
    from ops_gpu.models.retrieval.model import RetrievalModel
    from ops_gpu.recommender.candidate_sources import CandidateSources
    from ops_gpu.recommender.two_stage import FitConfig
    from ops_gpu.workflow.workflow import Workflow

SETTINGS, ATTRIBUTES = "fit.json", "item_attributes"
ITEM_MEMORY_MB = 512.0
BUILT_WITH_TOWERS = ("retrieval_model", "item_embeddings", "faiss_index", "ranking_model")


@dataclass(frozen=True)
class Parts:
    """All that a release holds.

    Args:
        workflow: fitted.
        data: events and features, encoded by it.
        sources: candidate sources as of the release's moment, cold items offered.
        retrieval: towers, trained up to that moment.
        ranking: ranker.
        config: settings of the models.
    """

    workflow: Workflow
    data: TrainingData
    sources: CandidateSources
    retrieval: RetrievalModel
    ranking: RankingModel
    config: FitConfig

    def write(
        self,
        folder: Path,
        user: Node,
        raw_users: Schema,
        id_types: dict[str, str],
        temperature: float,
        rules: ListRules | None = None,
        item_memory_mb: float = ITEM_MEMORY_MB,
    ) -> None:
        """Writes every part into a new folder, ready for `Release.write`.

        Args:
            folder: does not exist yet.
            user: source of raw user features (`QueryFeast`).
            raw_users: raw user features without id and history.
            id_types: `int64` or `string` of `user` and `item`.
            temperature: of the final ordering; 0 is the exact top k.
            rules: filters and orderings beside that.
            item_memory_mb: item features that take more are served from disk, with this much memory before it.

        Raises:
            ValueError: when the workflow has an operator that a server does not know, or that runs code; nothing is
                written then.
        """
        from ops_gpu.workflow.servable import require_servable  # brings Polars

        require_servable(self.workflow.node)
        folder.mkdir(parents=True)
        self.workflow.save(folder / "workflow")
        self.retrieval.save(folder / "retrieval_model")
        (folder / "item_embeddings").mkdir()
        np.save(folder / "item_embeddings/vectors.npy", self.sources.embeddings, allow_pickle=False)
        self.sources.index.save(folder / "faiss_index")
        write_feature_table(self.data.items, folder / "item_features", int(item_memory_mb * 2**20))
        self.sources.snapshot.save(folder / "snapshot")
        self.ranking.save(folder / "ranking_model")
        settings = {"retrieval": asdict(self.config.retrieval), "ranking": asdict(self.config.ranking)}
        settings["candidates"] = asdict(self.config.candidates)
        (folder / SETTINGS).write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        rules = rules or ListRules()
        attributes = rules.attributes(self.workflow, self.data.items.size)
        if attributes is not None:
            attributes.save(folder / ATTRIBUTES)
        self.stages(user, raw_users, id_types, temperature, folder, rules)
        self._note_lineage(folder)

    def stages(
        self,
        user: Node,
        raw_users: Schema,
        id_types: dict[str, str],
        temperature: float,
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
            dimension=self.config.retrieval.dimension,
            history_length=self.config.retrieval.history_length,
            id_embeddings=self.config.ranking.id_embeddings,
            candidates=self.config.candidates,
            temperature=temperature,
            tower_runtime=_runtime(folder / QUERY_TOWER),
            ranker_runtime=_runtime(folder / RANKER),
            ordering=rules.ordering,
            filters=rules.filters,
            attributes=attributes,
        )
        four_stages(user, config).save(folder / "ensemble.json")

    def _note_lineage(self, folder: Path) -> None:
        hashes = {"workflow": self.workflow.hash()}
        write_built_with(folder / "item_features", **hashes)
        write_built_with(folder / "snapshot", **hashes)
        if (folder / ATTRIBUTES).exists():
            write_built_with(folder / ATTRIBUTES, **hashes)
        vectors = np.ascontiguousarray(self.sources.embeddings)
        hashes["retrieval_model"] = hashlib.sha256(vectors.tobytes()).hexdigest()
        for part in BUILT_WITH_TOWERS:
            write_built_with(folder / part, **hashes)


def _runtime(model: Path) -> str:
    """What runs a model best; its file for ONNX Runtime is written beside it."""
    from serving.runtimes.onnx_export import export_onnx  # brings TensorFlow

    return "onnx" if export_onnx(model, model.with_suffix(".onnx")) else "tensorflow"


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings that a release's models were fitted with: `retrieval`, `ranking` and `candidates`."""
    values = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    candidates = dict(values["candidates"])
    snapshot = SnapshotConfig(**_tuples(candidates.pop("snapshot")))
    return {
        "retrieval": RetrievalConfig(**_tuples(values["retrieval"])),
        "ranking": RankingConfig(**_tuples(values["ranking"])),
        "candidates": CandidateConfig(**candidates, snapshot=snapshot),
    }


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
