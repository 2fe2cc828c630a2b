"""The retrieval models of the challenger before, where the next one can go on from them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ops_gpu.interactions.utc_days import as_day
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.json_files import read_json, write_json
from recsys_assets.challenger.fitted.day_ranges import DayRanges
from recsys_assets.challenger.fitted.models import FIT, last_refit, retrievers
from recsys_assets.tables.data_version import hash_files
from recsys_assets.tables.days.feature_days import FeatureDays

if TYPE_CHECKING:
    from ops_gpu.recommender.two_stage import RetrievalFit

EARLY: Final = "early"
MODEL: Final = "model"
"""Names of the folders of models: those that make the ranker's lists, and those up to the judged days."""


def note_fit(blueprint: Blueprint, folder: Path, days: FeatureDays, end: int, made_by: str, gone_on: bool) -> None:
    """Says beside the models what they were made from.

    Args:
        blueprint: the recommender.
        folder: of the asset, with all models in it.
        days: the rows that they have learned from.
        end: epoch seconds, exclusive end of these rows.
        made_by: hash of code and settings.
        gone_on: whether they went on from the models that are there.
    """
    since = fitted_since(blueprint) if gone_on else datetime.now(UTC).isoformat()
    made_from = _made_from(blueprint, days, end, made_by)
    write_json({**made_from, "since": since, "models": _models(folder)}, folder / FIT)


def fitted_since(blueprint: Blueprint) -> str:
    """When the retrieval models that are there were last fitted anew, and not gone on with; empty for never."""
    return str((read_json(blueprint.home.retrieval_model(blueprint.name) / FIT) or {}).get("since", ""))


def kept_fit(blueprint: Blueprint, days: FeatureDays, end: int, made_by: str) -> RetrievalFit | None:
    """The models that are there, to go on from; None where they are to be fitted anew.

    They are of the same full fit of the workflow, the same code and settings, and of rows that are what they were: a
    day that was corrected or came late may have taught them what is not so. And they have seen nothing after `end`.

    Args:
        blueprint: the recommender.
        days: the feature rows as they are now.
        end: epoch seconds, exclusive end of what the next models may learn from.
        made_by: hash of code and settings.
    """
    from ops_gpu.recommender.two_stage import RetrievalFit

    folder = blueprint.home.retrieval_model(blueprint.name)
    noted = read_json(folder / FIT)
    if noted is None:
        return None
    before = DayRanges.load(blueprint)
    if before.early_end is None or before.ranges.fit_end > end:
        return None
    made_from = _made_from(blueprint, days, before.ranges.fit_end, made_by)
    if {key: value for key, value in noted.items() if key != "since"} != {**made_from, "models": _models(folder)}:
        return None
    early, models = retrievers(blueprint, EARLY), retrievers(blueprint, MODEL)
    return RetrievalFit(early, models, before.early_end, before.ranges.fit_end)


def _made_from(blueprint: Blueprint, days: FeatureDays, end: int, made_by: str) -> dict[str, str]:
    rows = days.key(as_day(end - 1))
    return {"fit": days.fit, "refit": last_refit(blueprint), "rows": rows, "made_by": made_by}


def _models(folder: Path) -> str:
    """What the models are: files that were damaged since are no models to go on from."""
    return hash_files([folder / EARLY, folder / MODEL])
