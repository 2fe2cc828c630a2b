"""The challenger against the release that is live, on days that neither was trained on."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.day_ranges import UNCOMPARED, DayRanges
from recsys_assets.challenger.fitted.live_release import live_release
from recsys_assets.challenger.fitted.models import load_retrievers
from recsys_assets.challenger.training.training_data import training_data
from recsys_assets.tables.tables import EVENT, items_frame, users_frame

if TYPE_CHECKING:
    from ops_gpu.evaluation.comparison import Contender
    from ops_gpu.evaluation.evaluation_protocol import EvaluationProtocol
    from ops_gpu.models.contract import Ranker, Retrievers
    from ops_gpu.recommender.fit_config import FitConfig
    from ops_gpu.workflow.workflow import Workflow
    from serving.release.release import Release

    Opened = tuple[FitConfig, Workflow, Retrievers, Ranker]

METRIC = "ndcg@20"
PASSED_OVER = "somebody chose not to compare with the live release (`--uncompared`)"
UNFIT = (
    "the live release cannot be compared on the data as they are now ({error}); compare with nothing by "
    "`recsys materialize {name} --uncompared`, or make the YAML and the data fit the live release again"
)


@dataclass(frozen=True)
class ComparisonResult:
    """How the challenger stands beside the live release, by NDCG@20.

    Args:
        against: `live`: both on the same users and days; `recorded`: what the live one reached on these days
            before it was continued over them; `nobody`: no user to compare them on, or data that the live one does not
            fit; `nothing`: none to compare with.
        release: hash of the live release.
        users: how many users both were measured on.
        challenger: mean of the challenger.
        champion: mean of the live release.
        difference: challenger minus champion.
        standard_error: of the difference.
        because: why they were not compared.
    """

    against: str
    release: str | None = None
    users: int = 0
    challenger: float = 0.0
    champion: float = 0.0
    difference: float = 0.0
    standard_error: float = 0.0
    because: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> ComparisonResult:
        """From the evaluation report, where the challenger has been `candidate` from the beginning."""
        return cls(**{"challenger" if name == "candidate" else name: value for name, value in stored.items()})

    def to_dict(self) -> dict[str, Any]:
        """As the evaluation report keeps it; see `of`."""
        return {"candidate" if name == "challenger" else name: value for name, value in asdict(self).items()}

    def not_worse(self, tolerance: float) -> bool:
        """Whether the challenger lies no further below than so many standard errors.

        With no release to compare with, it does; with one, but nobody to compare them on, it does not.
        """
        if self.against in ("nothing", "nobody"):
            return self.against == "nothing"
        return self.difference >= -tolerance * self.standard_error


def compare_with_live(
    blueprint: Blueprint,
    day_ranges: DayRanges,
    mine: Contender,
    protocol: EvaluationProtocol,
    final: Mapping[str, float],
    warn: Callable[[str], None],
) -> ComparisonResult:
    """Compares the challenger with the live release, as `day_ranges` says that it can be.

    A live release that cannot be opened by this version of the program is no reason to keep a new one from going
    live; it is told, and not compared. One that opens and cannot be compared is: only a person may pass it over.

    Args:
        blueprint: the recommender.
        day_ranges: the days, and which release was live when they were chosen.
        mine: the challenger.
        protocol: the evaluated days.
        final: metrics of the challenger's final lists.
        warn: told when the live release cannot be used.
    """
    import polars as pl

    recorded = day_ranges.ranges.against == "recorded"
    if day_ranges.ranges.against == "nothing":
        return ComparisonResult(
            "nothing", because="no release is live" if day_ranges.passed_over is None else PASSED_OVER
        )
    try:
        release = live_release(blueprint, day_ranges.live)
        assert release is not None
        parts = None if recorded else opened(release)
    except (ValueError, KeyError, TypeError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.ENOENT, errno.ENOTDIR):
            raise  # a fault of the machine, which says nothing about the release
        warn(f"The live release could not be compared: {error}")
        return ComparisonResult("nothing", day_ranges.live, because=f"the live release cannot be opened: {error}")
    try:
        return (
            _recorded(release, final) if parts is None else _on_the_same_days(blueprint, release, parts, mine, protocol)
        )
    except (ValueError, KeyError, TypeError, OSError, pl.exceptions.PolarsError) as error:
        because = UNFIT.format(error=str(error).rstrip("."), name=blueprint.name)
        return ComparisonResult("nobody", day_ranges.live, because=because)


def _recorded(release: Release, final: Mapping[str, float]) -> ComparisonResult:
    before = release.manifest.metadata.metrics["final"]
    error = float((before[f"{METRIC}_se"] ** 2 + final[f"{METRIC}_se"] ** 2) ** 0.5)
    difference = float(final[METRIC] - before[METRIC])
    users = int(final["users"])
    return ComparisonResult("recorded", release.hash, users, final[METRIC], before[METRIC], difference, error)


def _on_the_same_days(
    blueprint: Blueprint, release: Release, parts: Opened, mine: Contender, protocol: EvaluationProtocol
) -> ComparisonResult:
    from ops_gpu.evaluation.comparison import compare

    try:
        found = compare(mine, _with_data(blueprint, *parts), protocol)
    except KeyError as error:  # a feature of its models that cannot be made
        there = {*EVENT, *users_frame(blueprint).columns, *items_frame(blueprint).columns}
        gone = sorted(set(parts[1].input_columns) - there)
        if not gone:
            raise
        raise ValueError(f"it reads the column {gone[0]!r}, which no table has any more") from error
    if found is None:
        way_out = UNCOMPARED.format(name=blueprint.name)
        reason = f"the two releases have no user in common on these days; {way_out}"
        return ComparisonResult("nobody", release.hash, because=reason)
    values = asdict(found)
    return ComparisonResult(
        "live",
        release.hash,
        values["users"],
        values["challenger"],
        values["champion"],
        values["difference"],
        values["standard_error"],
    )


def contender(blueprint: Blueprint, release: Release) -> Contender:
    """A release's models with its own settings, and today's data as its own workflow encodes it."""
    return _with_data(blueprint, *opened(release))


def opened(release: Release) -> Opened:
    """Settings, workflow, retrieval models and ranker of a release, without any data."""
    from ops_gpu.models.registry import ranker_class
    from ops_gpu.workflow.workflow import Workflow
    from serving.ensemble.release_parts import read_settings

    config, workflow = read_settings(release.path), Workflow.load(release.part("workflow"))
    retrievers = load_retrievers(release.part("retrieval_model"), config)
    ranker = ranker_class(config.ranking).load(release.part("ranking_model"), config.ranking)
    return config, workflow, retrievers, ranker


def _with_data(
    blueprint: Blueprint, config: FitConfig, workflow: Workflow, retrievers: Retrievers, ranker: Ranker
) -> Contender:
    from ops_gpu.evaluation.comparison import Contender

    return Contender(training_data(blueprint, workflow), workflow, retrievers, ranker, config)
