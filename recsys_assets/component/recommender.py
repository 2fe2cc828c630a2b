"""Recommender: one YAML file is one recommender, from raw logs to live answers."""

from __future__ import annotations

from typing import Any

import dagster as dg
from pydantic import BaseModel

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.component.build_definitions import build_graph
from recsys_assets.component.graph_trial import require_workable
from recsys_assets.settings.recommender_settings import RecommenderSettings
from resources.home import Home


class Recommender(dg.Component, RecommenderSettings, dg.Resolvable):
    """The assets, checks, sensor and schedules of one recommender, under a key prefix of its own.

    Relative paths in the YAML start from its folder; `${VARIABLE:-default}` is expanded in them.

    Example:
        type: recsys_assets.Recommender
        attributes:
          interactions:
            source: {path: ratings.csv}
            user: userId
            item: movieId
            time: timestamp
            label: rating >= 4
    """

    @classmethod
    def model(cls) -> type[BaseModel]:
        """What the YAML is validated against: the settings as they are, for exact line numbers.

        The model that Dagster would derive lets every section be a text too, which doubles each error and
        moves it to the section's first line.
        """
        return RecommenderSettings

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: BaseModel) -> Recommender:
        """Fills in `{{ ... }}` templates in texts, and validates again."""
        values: Any = model.model_dump(exclude_unset=True)
        if "{{" in repr(values):  # rendering costs more than everything else here
            values = context.resolve_value(values)
        return cls(**values)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of this recommender; called by Dagster."""
        blueprint = Blueprint.draw(self, context.path, Home.from_environment())
        require_workable(blueprint)
        return build_graph(blueprint)
