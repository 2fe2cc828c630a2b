"""The days that one challenger is fitted on and judged by, decided once for the whole chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops_gpu.interactions.utc_days import as_day
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.challenger.fitted.live_release import live_release, trained
from recsys_assets.tables.days.item_days import ItemDays

if TYPE_CHECKING:
    from ops_gpu.recommender.day_ranges import Ranges, Trained

RANGES, PLANNED = "ranges.json", "planned_ranges.json"
OWN = ("live", "early_end", "passed_over")
UNCOMPARED = "compare with nothing by `recsys materialize {name} --uncompared`, or wait for more days"
ANEW = "choose days anew by materializing {name}/workflow and what comes after it (`recsys materialize {name}`)"


@dataclass(frozen=True)
class DayRanges:
    """Which days a run of all assets fits on and judges by.

    Args:
        ranges: which days are fitted on and which are judged by.
        live: hash of the release that was live when this was decided.
        early_end: epoch seconds up to which the early models were trained, once they are.
        passed_over: hash of the release that was live and that somebody chose not to compare with.
    """

    ranges: Ranges
    live: str | None
    early_end: int | None = None
    passed_over: str | None = None

    @classmethod
    def plan(cls, blueprint: Blueprint, live: str | None, uncompared: bool = False) -> DayRanges:
        """Decides on the days, for the workflow and all that follows.

        Args:
            blueprint: the recommender.
            live: hash of the release that is live; None for none.
            uncompared: whether to plan as if none were.

        Raises:
            ValueError: when there is no event, or days are not counted.
        """
        from ops_gpu.evaluation.judged_users import JudgedUsers, day_bounds
        from ops_gpu.recommender.day_ranges import plan_ranges

        past, evaluation = ItemDays(blueprint).past(), blueprint.settings.evaluation
        users = JudgedUsers(past, blueprint.settings.repeats, evaluation.min_users)
        start, end = day_bounds(past.events.items())
        other, passed_over = (None, live) if uncompared else (live, None)
        ranges = plan_ranges(start, end, evaluation.days, _trained(blueprint, other), users.count, evaluation.min_users)
        return cls(ranges, other, passed_over=passed_over)

    def beside(self, blueprint: Blueprint, live: str | None) -> DayRanges:
        """The same days, where another release went live since they were decided on.

        Args:
            blueprint: the recommender.
            live: hash of the release that is live now.
        """
        if live in (self.live, self.passed_over):
            return self
        from ops_gpu.evaluation.judged_users import JudgedUsers
        from ops_gpu.recommender.day_ranges import with_live

        least = blueprint.settings.evaluation.min_users
        users = JudgedUsers(ItemDays(blueprint).past(), blueprint.settings.repeats, least)
        return replace(
            self,
            ranges=with_live(self.ranges, _trained(blueprint, live), users.count, least),
            live=live,
            passed_over=None,
        )

    def save_planned(self, blueprint: Blueprint) -> None:
        """Writes the plan for the models that are fitted next."""
        write_json(self._values(), blueprint.home.recommender(blueprint.name) / PLANNED)

    def save(self, folder: Path) -> None:
        """Writes `ranges.json` into the folder of the retrieval model."""
        write_json(self._values(), folder / RANGES)

    def _values(self) -> dict[str, Any]:
        return {**asdict(self.ranges), **{name: getattr(self, name) for name in OWN}}

    @classmethod
    def planned(cls, blueprint: Blueprint) -> DayRanges:
        """The plan that the workflow was fitted by.

        Raises:
            FileNotFoundError: before the first workflow.
        """
        return cls._of(blueprint.home.recommender(blueprint.name) / PLANNED, f"{blueprint.name}/workflow")

    @classmethod
    def load(cls, blueprint: Blueprint) -> DayRanges:
        """The plan of the retrieval model that is there.

        Raises:
            FileNotFoundError: before the first retrieval model.
        """
        return cls._of(blueprint.home.retrieval_model(blueprint.name) / RANGES, f"{blueprint.name}/retrieval_model")

    @classmethod
    def _of(cls, path: Path, asset: str) -> DayRanges:
        from ops_gpu.recommender.day_ranges import Ranges

        values: Mapping[str, Any] | None = read_json(path)
        if values is None:
            raise FileNotFoundError(f"{path} does not exist; materialize {asset} first.")
        rest = {key: value for key, value in values.items() if key not in OWN}
        rest.setdefault("judged_end", rest["end"])  # a version of before judged by all of them
        return cls(Ranges(**rest), **{name: values.get(name) for name in OWN})

    def unjudged(self, blueprint: Blueprint) -> str:
        """Why nothing can be judged, and what to do, in a sentence; empty where it can."""
        from ops_gpu.recommender.day_ranges import ANOTHER_LIVE

        reason = self.ranges.unjudged
        if not reason:
            return ""
        if reason == ANOTHER_LIVE:
            way_out = ANEW.format(name=blueprint.name)
        else:
            way_out = UNCOMPARED.format(name=blueprint.name) if self.live else "wait for more days, or lower it"
        return f"Nothing is released: {reason}; {way_out}. The days count in the next comparison."

    def metadata(self) -> dict[str, str]:
        """The days in words, for the UI."""
        ranges = self.ranges
        against = {
            "live": f"release {str(self.live)[:12]}, on these days",
            "recorded": f"what release {str(self.live)[:12]} reached on these days before it was continued",
            "nothing": "nothing" if self.live else "no live release",
        }
        return {
            "fitted_on": f"{as_day(ranges.start)} to {as_day(ranges.fit_end - 1)}",
            "evaluated_on": f"{as_day(ranges.fit_end)} to {as_day(ranges.judged_end - 1)}",
            "compared_with": against[ranges.against],
        }


def _trained(blueprint: Blueprint, live: str | None) -> Trained | None:
    release = live_release(blueprint, live)
    return trained(release.manifest) if release else None
