"""RankingLists: which training lists the ranker of a challenger, and that of its release, learn from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops_gpu.interactions.utc_days import as_day
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import fit_config, released_workflow, retrievers
from recsys_assets.challenger.training.event_rows import moment_features
from recsys_assets.challenger.training.training_data import feature_days, training_data
from recsys_assets.tables.days.moment_lists import MomentLists, Window

if TYPE_CHECKING:
    from ops_gpu.features.moment_features import MomentFeatures
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.models.contract import Retrievers
    from ops_gpu.models.training.ranking_rows import RankingRows

MADE_BY = ("moments", "step_days", "horizon_days", "lists", "list_size", "seed")


def list_settings(blueprint: Blueprint) -> dict[str, Any]:
    """All settings that decide what lists there are and what they hold."""
    settings, ranking = blueprint.settings, blueprint.settings.ranking
    return {
        "retrieval": settings.retrieval,
        "candidates": settings.candidates,
        "repeats": settings.repeats,
        **{name: getattr(ranking, name) for name in MADE_BY},
    }


def ranking_lists(blueprint: Blueprint) -> RankingLists:
    """The lists of a recommender, as they are to be now."""
    ranking, config = blueprint.settings.ranking, fit_config(blueprint)
    sampled = {name: getattr(ranking, name) for name in ("lists", "list_size", "seed")}
    retrieval = {name: asdict(settings) for name, settings in config.retrieval.items()}
    made_by = json.dumps([sampled, asdict(config.candidates), retrieval], sort_keys=True)
    files = MomentLists(blueprint.home.training_lists(blueprint.name), feature_days(blueprint), made_by)
    return RankingLists(blueprint, files, DayRanges.load(blueprint))


@dataclass(frozen=True)
class RankingLists:
    """The lists on disk, of those days that the retrieval models are of.

    Args:
        blueprint: the recommender.
        files: where they lie.
        day_ranges: the days.
    """

    blueprint: Blueprint
    files: MomentLists
    day_ranges: DayRanges

    @property
    def early_end(self) -> int:
        """Epoch seconds up to which the models have learned that make lists."""
        return self.day_ranges.early_end or self.day_ranges.ranges.fit_end

    def windows(self, end: int) -> list[Window]:
        """All moments whose horizons end by `end` (epoch seconds), and after which the early models saw nothing."""
        from ops_gpu.recommender.ranking_examples import horizon_before, moments_before

        start, ranking = self.day_ranges.ranges.start, self.blueprint.settings.ranking
        horizon = horizon_before(end, start, ranking)
        return [Window(m, m + horizon) for m in moments_before(end, start, ranking) if m >= self.early_end]

    def until(self, end: int) -> RankingRows:
        """The lists of all moments whose horizons end by `end`, in epoch seconds.

        Raises:
            ValueError: when some are missing, or of another past.
        """
        return self.files.read(self.windows(end))

    def make(self, progress: Callable[[str], None]) -> list[Window]:
        """Makes those lists that there are not yet, of the challenger and of its release, and forgets older ones.

        Returns:
            Those that were made.
        """
        from ops_gpu.recommender.ranking_examples import rows_at

        config, ranges = fit_config(self.blueprint), self.day_ranges.ranges
        wanted = sorted({*self.windows(ranges.fit_end), *self.windows(ranges.end)})
        stale = self.files.stale(wanted, self.early_end)
        for number, window in enumerate(stale, start=1):
            data, taught = self._world.at(window.moment)
            rows = rows_at(data, self._world.early, *window, config.candidates, config.ranking, taught)
            self.files.write(window, self.early_end, rows)
            progress(f"{number} of {len(stale)}: {len(rows.moment):,} lists as of {as_day(window.moment)}")
        self.files.forget(wanted)
        return stale

    @cached_property
    def _world(self) -> World:
        return World.of(self.blueprint)


@dataclass(frozen=True)
class World:
    """What lists are made from, in the codes of the workflow that the release will have.

    Args:
        data: events, users and items.
        early: models that make the lists.
        moments: what labels, counts and groups had taught of users and items by a day; None where they teach nothing.
    """

    data: TrainingData
    early: Retrievers
    moments: MomentFeatures | None

    @classmethod
    def of(cls, blueprint: Blueprint) -> World:
        """Of a recommender as it is."""
        workflow = released_workflow(blueprint)
        data = training_data(blueprint, workflow)
        early = {name: model.grown(data) for name, model in retrievers(blueprint, "early").items()}
        return cls(data, early, moment_features(blueprint, workflow))

    def at(self, moment: int) -> tuple[TrainingData, list[str]]:
        """The data with users and items as of the day of a moment, and the columns of them that depend on it."""
        if self.moments is None:
            return self.data, []
        users, items = self.moments.tables(as_day(moment), self.data.users, self.data.items)
        return replace(self.data, users=users, items=items), [*self.moments.users.names, *self.moments.items.names]
