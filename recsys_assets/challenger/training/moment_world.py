"""MomentWorld: all that training lists are made from, as of any past moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.models import released_workflow, retrievers
from recsys_assets.challenger.training.event_rows import moment_features
from recsys_assets.challenger.training.training_data import training_data

if TYPE_CHECKING:
    from ops_gpu.features.days.moment_features import MomentFeatures
    from ops_gpu.features.training_data import TrainingData
    from ops_gpu.models.contract import Retrievers


@dataclass(frozen=True)
class MomentWorld:
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
    def of(cls, blueprint: Blueprint) -> MomentWorld:
        """Of a recommender as it is."""
        workflow = released_workflow(blueprint)
        data = training_data(blueprint, workflow)
        early = {name: model.grown(data) for name, model in retrievers(blueprint, "early").items()}
        return cls(data, early, moment_features(blueprint, workflow))

    def at(self, moment: int) -> tuple[TrainingData, list[str]]:
        """The data with users and items as of the day of a moment, and the columns of them that depend on it."""
        return (self.data, []) if self.moments is None else self.moments.at(moment, self.data)
