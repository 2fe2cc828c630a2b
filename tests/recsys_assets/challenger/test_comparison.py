from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
from ops_gpu.features.days.encoded_days import NAMELESS
from ops_gpu.features.training_data import encode_ids
from ops_gpu.interactions.events import DAY
from ops_gpu.models.model_config import RankerConfig
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from ops_gpu.workflow.workflow import Workflow
from recsys_assets.blueprint.json_files import write_frame, write_json
from recsys_assets.challenger import comparison as module
from recsys_assets.challenger.comparison import ComparisonResult, compare_with_live, contender
from recsys_assets.challenger.fitted.models import fit_file
from recsys_assets.tables.days.feature_days import KEY
from recsys_assets.tables.feature_index import index_of
from resources.home import Home
from serving.release.release import Release
from tests.serving.whole_release import AS_OF, NAME, Whole, whole_release

PROTOCOL = EvaluationProtocol(AS_OF - 10 * DAY, AS_OF, False)


@pytest.mark.parametrize(
    ("difference", "error", "tolerance", "passed"),
    [
        *((0.01, 0.0, 2.0, True), (-0.01, 0.005, 2.0, True), (-0.011, 0.005, 2.0, False), (-0.001, 0.0, 2.0, False)),
        *((0.0, 0.01, 0.0, True), (-0.01, 0.01, 0.0, False), (-0.02, 0.01, 2.0, True), (-0.021, 0.01, 2.0, False)),
    ],
)
def test_as_good_up_to_noise(difference: float, error: float, tolerance: float, passed: bool) -> None:
    standing = ComparisonResult("live", "a" * 64, 100, 0.2 + difference, 0.2, difference, error)
    assert standing.not_worse(tolerance) is passed


def test_what_cannot_be_compared_is_no_reason_to_stay() -> None:
    assert ComparisonResult("nothing", because="no release was live").not_worse(0.0)


def test_a_report_of_any_version_is_read() -> None:
    result = ComparisonResult("live", "a" * 64, 100, 0.21, 0.2, 0.01, 0.003)
    assert result.to_dict()["candidate"] == 0.21 and ComparisonResult.of(result.to_dict()) == result


@dataclass
class Shop:
    """A recommender whose live release reads the columns `colour`, `colour.n` and `colour.l`, and those of items."""

    whole: Whole
    home: Home
    warnings: list[str] = field(default_factory=list)

    @property
    def blueprint(self) -> Any:
        settings = SimpleNamespace(
            **dict.fromkeys(("start", "end", "users", "items")),
            quality=SimpleNamespace(max_days_ahead=1),
            retrieval=(TwoTowerConfig(),),
            candidates=CandidateConfig(),
            ranking=RankerConfig(),
            repeats=False,
        )
        return SimpleNamespace(name=NAME, home=self.home, settings=settings)

    def write(self, users: pl.DataFrame, items: pl.DataFrame) -> None:
        """Makes these tables the data of today."""
        random, rows = np.random.default_rng(3), 600
        events = pl.DataFrame(
            {
                "user_id": random.integers(0, 30, rows),
                "item_id": 1000 + random.integers(0, 60, rows),
                "timestamp": pl.from_epoch(pl.Series(np.sort(random.integers(0, AS_OF, rows))), "s"),
                "label": np.ones(rows, np.bool_),
            }
        )
        workflow, day = Workflow.load(self.whole.release.part("workflow")), "1970-01-01"
        workflow.save(self.home.workflow(NAME))
        write_json({"fit": "one"}, fit_file(self.blueprint))
        codes = {key: encode_ids(events[key], workflow) for key in ("user_id", "item_id")}
        unknown = {name: pl.Series([None] * rows, dtype=pl.Int64) for name in NAMELESS.values()}
        write_frame(events.with_columns(**codes, **unknown), self.home.features(NAME, day), {KEY: "these"})
        write_json({"fit": "one", "days": {day: "these"}}, index_of(self.blueprint))
        users.write_parquet(self.home.users(NAME))
        items.with_columns(available=True).write_parquet(self.home.items(NAME))

    def compared(self, against: str = "live", final: dict[str, float] | None = None) -> ComparisonResult:
        """The live release beside itself, whose data as challenger are those of before."""
        chain: Any = SimpleNamespace(
            ranges=SimpleNamespace(against=against), live=self.whole.release.hash, passed_over=None
        )
        return compare_with_live(self.blueprint, chain, self.mine, PROTOCOL, final or {}, self.warnings.append)

    def __post_init__(self) -> None:
        self.write(self.whole.users, self.whole.items)
        self.mine = contender(self.blueprint, self.whole.release)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Whole, Home]:
    root = tmp_path_factory.mktemp("champion")
    return whole_release(root, named=("colour",)), Home.at(root)


@pytest.fixture
def shop(built: tuple[Whole, Home]) -> Shop:
    return Shop(*built)


def test_a_release_that_opens_and_fits_the_data_is_compared(shop: Shop) -> None:
    found = shop.compared()
    assert (found.against, found.difference) == ("live", 0.0) and found.users > 10 and found.not_worse(0.0)


def without(name: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: frame.drop(name)


@pytest.mark.parametrize(
    ("users", "items", "words"),
    [
        (without("colour"), None, "it reads the column 'colour', which no table has any more"),
        (without("colour.l"), None, "it reads the column 'colour.l', which no table has any more"),
        (None, without("icolour.n"), "it reads the column 'icolour.n', which no table has any more"),
        (None, lambda items: items.with_columns(pl.col("icolour.n").cast(pl.String) + "x"), "'icolour.n' is of type"),
        (None, lambda items: items.with_columns(pl.col("item_id").cast(pl.String)), "'item_id' is of type String"),
    ],
    ids=["category", "list", "number", "another type", "other ids"],
)
def test_data_that_the_live_release_does_not_fit_let_nothing_pass_without_a_person(
    shop: Shop, users: Callable[..., pl.DataFrame] | None, items: Callable[..., pl.DataFrame] | None, words: str
) -> None:
    whole = shop.whole
    shop.write(users(whole.users) if users else whole.users, items(whole.items) if items else whole.items)
    found = shop.compared()
    assert (found.against, found.release) == ("nobody", whole.release.hash) and not found.not_worse(100.0)
    assert words in found.because and f"`recsys materialize {NAME} --uncompared`" in found.because


@pytest.mark.parametrize("kind", [ValueError, KeyError, TypeError, OSError, pl.exceptions.ComputeError])
def test_no_error_of_a_comparison_passes(shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    def fails(*_: object) -> None:
        raise kind("as it happens")

    monkeypatch.setattr("ops_gpu.evaluation.comparison.compare", fails)
    found = shop.compared()
    assert found.against == "nobody" and "as it happens" in found.because and not found.not_worse(100.0)


def test_a_manifest_without_what_was_recorded_does_not_pass(shop: Shop) -> None:
    found = shop.compared("recorded", {"ndcg@20": 0.5, "ndcg@20_se": 0.1, "users": 10})
    assert found.against == "nobody" and "--uncompared" in found.because


@pytest.mark.parametrize("mine", [0.11, 0.42], ids=["worse", "better"])
def test_what_was_recorded_is_compared_with_both_errors(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, mine: float
) -> None:
    recorded = {"final": {"ndcg@20": 0.31, "ndcg@20_se": 0.03, "users": 70}}
    manifest = SimpleNamespace(metadata=SimpleNamespace(metrics=recorded))
    release = SimpleNamespace(manifest=manifest, hash="a" * 64)
    monkeypatch.setattr(module, "live_release", lambda *_: release)
    found = shop.compared("recorded", {"ndcg@20": mine, "ndcg@20_se": 0.04, "users": 90.0})
    assert (found.against, found.release, found.users) == ("recorded", "a" * 64, 90)
    assert (found.challenger, found.champion) == (mine, 0.31)
    assert found.difference == pytest.approx(mine - 0.31) and found.standard_error == pytest.approx(0.05)
    assert found.not_worse(2.0) is (mine > 0.31)


def test_with_nothing_to_compare_with_nothing_is_opened(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "live_release", lambda *_: pytest.fail("it was asked for"))
    assert shop.compared("nothing") == ComparisonResult("nothing", because="no release is live")


def test_nobody_in_common_says_the_way_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops_gpu.evaluation.comparison.compare", lambda *_: None)
    found = shop.compared()
    assert found.against == "nobody" and "no user in common" in found.because
    assert f"`recsys materialize {NAME} --uncompared`" in found.because


@pytest.mark.parametrize("step", ["open", "load"])
def test_a_release_of_a_version_that_cannot_be_opened_stands_in_nobodys_way(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fails(*_: object) -> Release:
        raise ValueError("written by a newer version")

    if step == "open":
        monkeypatch.setattr(module, "live_release", fails)
    else:
        monkeypatch.setattr("ops_gpu.models.ranking.dlrm.Dlrm.load", fails)
    found = shop.compared()
    assert (found.against, found.because) == (
        "nothing",
        "the live release cannot be opened: written by a newer version",
    )
    assert found.not_worse(0.0) and "written by a newer version" in shop.warnings[0]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.EACCES], ids=["files", "disk", "rights"])
def test_a_fault_of_the_machine_lets_nothing_pass(shop: Shop, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fails(*_: object) -> Release:
        raise OSError(number, "as it happens")

    monkeypatch.setattr(module, "live_release", fails)
    with pytest.raises(OSError, match="as it happens"):
        shop.compared()
