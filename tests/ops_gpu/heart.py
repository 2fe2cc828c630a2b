"""A tiny recommender, fitted once for all tests of the models: 300 users, 200 items, 24 days, 6,000 events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import TrainingData
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.item_state import ItemStateConfig
from ops_gpu.models.ranking.dlrm import Dlrm
from ops_gpu.models.ranking.dlrm_config import DlrmConfig
from ops_gpu.models.retrieval.two_tower import TwoTower
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.recommender.candidate_sources import CandidateSources, sources_at
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.two_stage import RetrievalFit, fit_retrieval_until, make_ranking_rows
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.synthetic import DemoData, DemoSettings
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.workflow import Workflow

SETTINGS = DemoSettings(users=300, items=200, days=24, events=6_000)
START = int(datetime.combine(SETTINGS.start, datetime.min.time(), UTC).timestamp())
CUT, END = START + 18 * DAY, START + 24 * DAY
TOWERS = TwoTowerConfig(dimension=8, hidden=(16,), history_length=10, epochs=6, batch_size=256, learning_rate=1e-2)
SIZES = {"two_tower": 30, "popular": 30, "co_occurrence": 30}
CONFIG = FitConfig(
    {"two_tower": TOWERS},
    CandidateConfig(SIZES, snapshot=ItemStateConfig((1.0, 7.0), neighbours=20)),
    DlrmConfig(moments=3, step_days=3, horizon_days=3, list_size=40, dimension=4, bottom=(16,), top=(16,), epochs=8),
)


@dataclass(frozen=True)
class Heart:
    """The recommender, fitted on the days before `CUT`.

    Args:
        demo: raw data.
        interactions: canonical.
        workflow: fitted on everything.
        data: encoded by it.
        fit: early towers, and the towers up to the cut.
        rows: training lists of the ranker.
        ranking: the ranker.
        sources: as of the cut.
    """

    demo: DemoData
    interactions: pl.DataFrame
    workflow: Workflow
    data: TrainingData
    fit: RetrievalFit
    rows: RankingRows
    ranking: Dlrm
    sources: CandidateSources

    @classmethod
    def make(cls) -> Heart:
        demo = DemoData.generate(SETTINGS)
        interactions = canonical(demo)
        schema = raw_schema(demo.users, demo.items)
        workflow = fit_workflow(interactions, demo.users, demo.items, Workflow(default_workflow(schema), schema))
        data = TrainingData.assemble(interactions, demo.users, demo.items, workflow, CONFIG.history_length)
        fit = fit_retrieval_until(data, CONFIG, CUT)
        rows = make_ranking_rows(data, fit.early, CONFIG, CUT)
        ranking = Dlrm.fit(data, rows, CONFIG.ranking)
        sources = sources_at(data, fit.models, CUT, CONFIG.candidates)
        return cls(demo, interactions, workflow, data, fit, rows, ranking, sources)

    @property
    def towers(self) -> TwoTower:
        """The towers up to the cut."""
        found = self.fit.models["two_tower"]
        assert isinstance(found, TwoTower)
        return found

    @property
    def early_towers(self) -> TwoTower:
        """Those that the training lists were made with."""
        found = self.fit.early["two_tower"]
        assert isinstance(found, TwoTower)
        return found

    def users(self, count: int) -> npt.NDArray[np.int64]:
        """Codes of some users with a history before the cut."""
        return np.unique(self.data.events.before(CUT).user)[:count].astype(np.int64)


def canonical(demo: DemoData) -> pl.DataFrame:
    """The demo's interactions with a label."""
    return demo.interactions.with_columns(label=pl.col("watched") >= 0.5)
