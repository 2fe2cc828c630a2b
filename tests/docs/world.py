"""What samples name and do not make themselves: small frames, models, a release, a server that answers."""

from __future__ import annotations

import builtins
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import polars as pl

from ops_gpu import Node, Schema, Workflow
from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.evaluation.comparison import Contender
from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import TrainingData
from ops_gpu.models import Dlrm, DlrmConfig, ItemKnn, ItemKnnConfig
from ops_gpu.models.training.ranking_rows import RankingRows
from ops_gpu.recommender.candidate_sources import CandidateSources, sources_at
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.recommender.two_stage import make_ranking_rows
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.workflow.default_workflow import default_workflow
from resources.home import Home
from serving import RecommenderClient, Release
from tests.serving.canned_server import INPUTS, CannedServer
from tests.serving.toys import toy_parts, toy_release

USERS, ITEMS, DAYS = 40, 60, 30
START = datetime(2024, 1, 1)
NODES = {
    "user": (
        "user_id",
        "age",
        "known",
        "degraded",
        "history_item",
        "history_count",
        "history_last",
        "history_positive",
    ),
    "seen": ("seen_item", "seen_count", "seen_last", "seen_positive"),
    "related": ("item_knn_related_item", "item_knn_related_score"),
    "popular": ("popular_item", "popular_score"),
    "near": ("item_knn_item", "item_knn_score"),
    "candidates": ("candidate_item", "candidate_source", "candidate_rank"),
    "kept": ("candidate_item", "candidate_source", "candidate_rank"),
    "score": ("candidate_score",),
    "scored": ("candidate_item", "candidate_source", "candidate_score"),
    "beside": ("age", "price"),
    "vector": ("query_vector",),
    "request": ("k",),
    "best": ("item", "score", "source"),
}
"""Steps of an ensemble by the columns that they give."""


def _seconds(day: int) -> int:
    return int((START + timedelta(days=day)).replace(tzinfo=UTC).timestamp())


CUT, END = _seconds(DAYS - 7), _seconds(DAYS)
CONFIG = FitConfig(
    {"item_knn": ItemKnnConfig()},
    CandidateConfig({"item_knn": 20, "popular": 20, "co_occurrence": 20}),
    DlrmConfig(moments=2, step_days=3, horizon_days=3, lists=50, list_size=20, epochs=1),
)


@cache
def frames() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Events, users and items in canonical form."""
    random = np.random.default_rng(5)
    user = np.repeat(np.arange(USERS), 30)
    item = (random.zipf(1.3, len(user)) + user % 7) % ITEMS
    time = [START + timedelta(minutes=int(minute)) for minute in random.integers(0, DAYS * 1440, len(user))]
    events = pl.DataFrame({"user_id": user, "item_id": item, "timestamp": time, "label": [True] * len(user)})
    users = pl.DataFrame({"user_id": np.arange(USERS), "age": 20.0 + np.arange(USERS)})
    items = pl.DataFrame({"item_id": np.arange(ITEMS), "price": 1.0 + np.arange(ITEMS), "available": [True] * ITEMS})
    return events.sort("timestamp"), users, items


@cache
def encoded() -> tuple[TrainingData, Workflow]:
    """The same for models, and the workflow that made it."""
    events, users, items = frames()
    schema = raw_schema(users, items)
    workflow = fit_workflow(events, users, items, Workflow(default_workflow(schema), schema))
    return TrainingData.assemble(events, users, items, workflow, 30), workflow


@cache
def models() -> tuple[CandidateSources, RankingRows, Dlrm]:
    """Sources as of the cut, training lists and a ranker."""
    data, _ = encoded()
    learned = {"item_knn": ItemKnn.fit(data, ItemKnnConfig(), CUT)}
    rows = make_ranking_rows(data, learned, CONFIG, CUT)
    assert isinstance(CONFIG.ranking, DlrmConfig)
    return sources_at(data, learned, CUT, CONFIG.candidates), rows, Dlrm.fit(data, rows, CONFIG.ranking)


class World:
    """An attribute a name; each is made when it is first asked for.

    Args:
        folder: an empty one, in which samples run; has `days/*.parquet`, `interactions/*.parquet` and `today.parquet`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._open = folder, ExitStack()
        for place in ("days", "interactions"):
            (folder / place).mkdir()
            for day in range(3):
                self._day(day).write_parquet(folder / place / f"{day}.parquet")
        self._day(3).write_parquet(folder / "today.parquet")

    @staticmethod
    def _day(day: int) -> pl.DataFrame:
        random = np.random.default_rng(day)
        return pl.DataFrame(
            {
                "user_id": random.integers(0, 9, 200),
                "item_id": random.integers(0, 9, 200),
                "city": [f"city {number}" for number in random.integers(0, 4, 200)],
                "price": random.lognormal(size=200),
                "clicked": random.integers(0, 2, 200),
                "time": START + timedelta(days=day),
            }
        )

    def close(self) -> None:
        self._open.close()

    @property
    def interactions(self) -> pl.DataFrame:
        return frames()[0]

    @property
    def users(self) -> pl.DataFrame:
        return frames()[1]

    @property
    def items(self) -> pl.DataFrame:
        return frames()[2]

    @property
    def events(self) -> pl.DataFrame:
        """Some that are not in the log yet."""
        return self.interactions.tail(5).with_columns(pl.col("timestamp") + timedelta(days=1))

    @property
    def frame(self) -> pl.DataFrame:
        return self._day(0).with_columns(genres=pl.Series([["a", "b"]] * 200))

    @property
    def frames(self) -> list[pl.DataFrame]:
        return [self._day(day) for day in range(3)]

    @property
    def genres(self) -> pl.DataFrame:
        return pl.DataFrame({"item": [1, 2], "genre": ["a", "b"]})

    @property
    def node(self) -> Node:
        from ops_gpu.operators import Categorify

        return ["user_id", "item_id"] >> Categorify()

    @property
    def workflow(self) -> Workflow:
        return Workflow(self.node).fit(self._day(0))

    @property
    def schema(self) -> Schema:
        return raw_schema(self.users, self.items)

    @property
    def raw_users(self) -> Schema:
        return Schema.from_polars(self.users.drop("user_id"))

    @property
    def data(self) -> TrainingData:
        return encoded()[0]

    @property
    def sources(self) -> CandidateSources:
        return models()[0]

    @property
    def rows(self) -> RankingRows:
        return models()[1]

    @property
    def ranking(self) -> Dlrm:
        return models()[2]

    @property
    def cut(self) -> int:
        return CUT

    @property
    def end(self) -> int:
        return END

    @property
    def config(self) -> FitConfig:
        return CONFIG

    @property
    def champion(self) -> Contender:
        data, workflow = encoded()
        learned = {"item_knn": ItemKnn.fit(data, ItemKnnConfig(), CUT)}
        return Contender(data, workflow, learned, self.ranking, CONFIG)

    @property
    def challenger(self) -> Contender:
        return self.champion

    @cached_property
    def release(self) -> Release:
        return toy_release(self.folder / "made", "demo")

    @cached_property
    def parts(self) -> Path:
        return toy_parts(self.folder / "parts")

    @property
    def path(self) -> Path:
        return self.release.path

    @cached_property
    def home(self) -> Home:
        return Home.at(self.folder / "home")

    @cached_property
    def address(self) -> str:
        """Of a server that answers as Triton does."""
        more = {"context_country": "UINT8", "event_item": "INT64", "event_time": "INT64", "event_positive": "FP32"}
        return self._open.enter_context(CannedServer({**INPUTS, **more})).url

    @cached_property
    def client(self) -> RecommenderClient:
        return self._open.enter_context(RecommenderClient(self.address, "demo"))

    @property
    def vectors(self) -> Any:
        return np.ones((1000, 16), np.float32)

    def __getattr__(self, name: str) -> Node:
        if name not in NODES:
            raise AttributeError(name)
        return Node.of(list(NODES[name]))

    def names_for(self, code: CodeType, known: dict[str, Any]) -> dict[str, Any]:
        """What some code asks for by name, and nobody has given yet."""
        asked = _names(code) - known.keys() - vars(builtins).keys()
        return {name: getattr(self, name) for name in sorted(asked) if _has(self, name)}


def _has(world: World, name: str) -> bool:
    return not name.startswith("_") and (name in NODES or name in vars(World)) and name not in METHODS


METHODS = {"close", "names_for", "folder"}


def _names(code: CodeType) -> set[str]:
    """Names that are read, also in functions inside."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))
