"""RankingLists: which training lists the ranker of a challenger, and that of its release, learn from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops_gpu.interactions.utc_days import as_day
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.code_version import code_version
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import fit_config, models_fit
from recsys_assets.challenger.training.kept_neighbours import KeptNeighbours
from recsys_assets.challenger.training.moment_world import MomentWorld
from recsys_assets.challenger.training.training_data import feature_days
from recsys_assets.tables.days.moment_lists import MomentLists, Window

if TYPE_CHECKING:
    from ops_gpu.engines.engine import Engine
    from ops_gpu.models.training.ranking_rows import RankingRows

LIST_CODE = ("ops_gpu.recommender.ranking_examples", "ops_gpu.features.days.moment_features")
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
    by = {"fit": models_fit(blueprint), "code": code_version(LIST_CODE)}
    made_by = json.dumps([sampled, asdict(config.candidates), retrieval, by], sort_keys=True)
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
        """All moments before `end` (epoch seconds), after which the early models saw nothing."""
        from ops_gpu.recommender.ranking_examples import horizon_end, moments_before

        start, ranking = self.day_ranges.ranges.start, self.blueprint.settings.ranking
        moments = [m for m in moments_before(end, start, ranking) if m >= self.early_end]
        return [Window(m, horizon_end(m, end, start, ranking)) for m in moments]

    def until(self, end: int) -> RankingRows:
        """The lists of all moments before `end` (epoch seconds), by what was chosen before it.

        Raises:
            ValueError: when some are missing, or of another past.
        """
        return self.files.read(self.windows(end))

    def made_from(self, end: int) -> str:
        """What the lists of `until` were made from: equal hashes, equal lists."""
        return self.files.made_from(self.windows(end))

    def make(self, engine: Engine, progress: Callable[[str], None]) -> list[Window]:
        """Makes those lists that there are not yet, of the challenger and of its release, and forgets older ones.

        Args:
            engine: where to make them, a moment a task.
            progress: told of each moment.

        Returns:
            Those that were made.
        """
        ranges = self.day_ranges.ranges
        wanted = sorted({*self.windows(ranges.fit_end), *self.windows(ranges.end)})
        stale = self.files.stale(wanted, self.early_end)
        at_once = len(stale) if engine.workers else 1  # workers read all that they need once
        for start in range(0, len(stale), max(at_once, 1)):
            windows = stale[start : start + at_once]
            for number, count in enumerate(engine.map(self.write, windows)):
                moment = as_day(windows[number].moment)
                progress(f"{start + number + 1} of {len(stale)}: {count:,} lists as of {moment}")
        self.files.forget(wanted)
        self._similar.forget(len({window.moment for window in wanted if window.end in (ranges.fit_end, ranges.end)}))
        return stale

    def write(self, window: Window) -> int:
        """Makes and writes the lists of one moment, and counts them."""
        from ops_gpu.recommender.ranking_examples import rows_at

        config = fit_config(self.blueprint)
        data, taught = self._world.at(window.moment)
        rows = rows_at(data, self._world.early, *window, config.candidates, config.ranking, taught, self._similar.fit)
        self.files.write(window, self.early_end, rows)
        return len(rows.moment)

    def __getstate__(self) -> dict[str, Any]:
        # A worker of a cluster reads the models and the rows itself.
        return {name: value for name, value in self.__dict__.items() if name != "_world"}

    @property
    def _similar(self) -> KeptNeighbours:
        return KeptNeighbours(self.blueprint.home.folds(self.blueprint.name) / "neighbours")

    @cached_property
    def _world(self) -> MomentWorld:
        return MomentWorld.of(self.blueprint)
