"""Everything that a `defs.yaml` can say of one recommender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
from pydantic import ConfigDict, Field, field_validator, model_validator

from ops_gpu.candidates.candidate_config import CandidateConfig, source_names
from ops_gpu.logs import EntityTable, InteractionLog
from ops_gpu.models.registry import RETRIEVERS, default_ranking, default_retrieval, retriever_name
from ops_gpu.primitives.setting_error import SettingError
from ops_gpu.synthetic.settings import EARLIEST, LATEST, DemoSettings
from recsys_assets.settings.evaluation_config import EvaluationConfig
from recsys_assets.settings.feature_names import check_feature_names
from recsys_assets.settings.filter_columns import check_filters, declared
from recsys_assets.settings.model_settings import CandidateSettings, RankerSettings, RetrieverSettings
from recsys_assets.settings.quality_config import QualityConfig
from recsys_assets.settings.releases_config import ReleasesConfig
from recsys_assets.settings.rollout_config import RolloutConfig
from recsys_assets.settings.schedule_config import ScheduleConfig
from recsys_assets.settings.serving_config import ServingConfig
from recsys_assets.settings.truth_values import check_truth_values
from resources.home import checked_name


class RecommenderSettings(dg.Model):
    """The attributes of `type: recsys_assets.Recommender`.

    Only `interactions` must be given. Unknown keys are refused at any depth. The sections are the
    configuration classes of the library itself, so a setting is described where it is used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(None, description="Name and key prefix; by default that of the folder.")
    description: str = Field("", description="What is recommended to whom; shown in the UI.")
    owners: Sequence[str] = Field((), description="E-mail addresses, or teams as `team:NAME`.")
    interactions: InteractionLog = Field(description="The log of events.")
    users: EntityTable | None = Field(None, description="The users table, if there is one.")
    items: EntityTable | None = Field(None, description="The items table, if there is one.")
    start: date | None = Field(None, description="First day (UTC); by default the first in the data.")
    end: date | None = Field(None, description="Day after the last one; by default open for living logs.")
    generator: DemoSettings | None = Field(None, description="Write demo logs before reading them.")
    repeats: bool = Field(False, description="Whether items may come back to a user who had them.")
    workflow: str | None = Field(None, description="`package.module.function` (schema -> Node) of features.")
    quality: QualityConfig = Field(QualityConfig(), description="What the data must hold.")
    retrieval: RetrieverSettings = Field(
        tuple(default_retrieval().values()), description="Models that find candidates, each by its `model`."
    )
    candidates: CandidateSettings = Field(CandidateConfig(), description="Candidate sources and their sizes.")
    ranking: RankerSettings = Field(default_ranking(), description="The ranker, by `model`, and its training lists.")
    evaluation: EvaluationConfig = Field(EvaluationConfig(), description="Days that quality is measured on.")
    serving: ServingConfig = Field(ServingConfig(), description="What live lists leave out, and their order.")
    rollout: RolloutConfig = Field(RolloutConfig(), description="What a new release does to a rollout.")
    releases: ReleasesConfig = Field(ReleasesConfig(), description="How many releases are kept.")
    schedule: ScheduleConfig = Field(ScheduleConfig(), description="What is done by the clock, and when.")

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_numbers(cls, values: Any) -> Any:
        if isinstance(values, Mapping):
            check_truth_values(RecommenderSettings, values)
        return values

    @field_validator("name")
    @classmethod
    def _named(cls, name: str | None) -> str | None:
        return None if name is None else checked_name(name)

    @field_validator("owners")
    @classmethod
    def _owning(cls, owners: Sequence[str]) -> Sequence[str]:
        for place, owner in enumerate(owners):
            try:
                dg.AssetSpec("trial", owners=[owner])
            except dg.DagsterInvalidDefinitionError:
                raise SettingError(
                    f"the owner {owner!r} is neither an e-mail address nor a team as `team:NAME`.", str(place)
                ) from None
        return owners

    @field_validator("workflow")
    @classmethod
    def _dotted(cls, path: str | None) -> str | None:
        if path is not None and not all(part.isidentifier() for part in path.split(".")):
            raise ValueError(f"workflow is {path!r}, expected a dotted name such as 'shop.features.build'.")
        return path

    @model_validator(mode="after")
    def _ordered(self) -> RecommenderSettings:
        for name, day in (("start", self.start), ("end", self.end)):
            if day and not EARLIEST <= day <= LATEST:
                raise SettingError(f"{name} is {day}, expected a day from {EARLIEST} to {LATEST}.", name)
        if self.start and self.end and self.end <= self.start:
            raise SettingError(f"end ({self.end}) is exclusive and must lie after start ({self.start}).", "end")
        return self

    @model_validator(mode="after")
    def _candidates_are_left(self) -> RecommenderSettings:
        learned = self._retrieval_models()
        known, sizes = source_names(learned), self.candidates
        for name in sizes.sizes:
            if name not in known:
                raise SettingError(
                    f"{name} is given a size, expected one of the sources {', '.join(known)}; name it under "
                    "retrieval, or leave it out.",
                    "candidates",
                    name,
                )
        if self.serving.ordering.maximal_marginal_relevance and not any(RETRIEVERS[name].dense for name in learned):
            raise SettingError(
                "it compares the vectors of items, which none of the retrieval models has; name one that has under "
                "retrieval, or choose another ordering.",
                *("serving", "ordering", "maximal_marginal_relevance"),
            )
        if any(sizes.size(name) for name in known if name != "history" or self.repeats):
            return self
        problem = (
            "the only source of candidates is history, which brings nothing without repeats; say repeats: true, or"
        )
        if not sizes.size("history"):
            problem = "all candidate sources are switched off;"
        remedy = f"give {', '.join(learned)}, popular or co_occurrence a size above 0."
        raise SettingError(f"{problem} {remedy}", "candidates")

    def _retrieval_models(self) -> tuple[str, ...]:
        names = tuple(map(retriever_name, self.retrieval))
        if not names:
            raise SettingError(f"there is no retrieval model; name one of {', '.join(RETRIEVERS)}.", "retrieval")
        for place, name in enumerate(names):
            if name in names[:place]:
                raise SettingError(f"the model {name} is named twice; leave one out.", "retrieval", place, "model")
        return names

    @model_validator(mode="after")
    def _users_have_no_settings_of_items(self) -> RecommenderSettings:
        for name in ("title", "available"):
            if self.users and getattr(self.users, name) is not None:
                raise SettingError(
                    f"{name} is for items, and changes nothing of users; leave it out, or list the column under "
                    "categorical.",
                    "users",
                    name,
                )
        return self

    @model_validator(mode="after")
    def _features_have_names(self) -> RecommenderSettings:
        requests = {condition.request for condition in self.serving.filters if condition.request is not None}
        check_feature_names({"users": self.users, "items": self.items}, requests)
        return self

    @model_validator(mode="after")
    def _columns_are_there(self) -> RecommenderSettings:
        items, users = self.items.features if self.items else [], self.users.features if self.users else []
        for place, condition in enumerate(self.serving.filters):
            _known(condition.item, ["title", *items], "items", "serving", "filters", place, "item")
            if condition.user is not None:
                _known(condition.user, users, "users", "serving", "filters", place, "user")
        check_filters(self.serving.filters, declared(self.users), declared(self.items))
        items = self.items.model_features if self.items else []
        if self.workflow is None:  # else the features are what that function makes of the columns
            for way, column in self.serving.ordering.columns.items():
                _known(column, items, "items", "serving", "ordering", *way.split("."))
            self._boosts_are_of_categories()
        return self

    def _boosts_are_of_categories(self) -> None:
        for place, boost in enumerate(self.serving.ordering.boosts):
            if self.items and boost.column in self.items.continuous:
                raise SettingError(
                    f"a boost is of single values, and {boost.column!r} holds numbers of any size; list it under "
                    "categorical, or boost another column.",
                    *("serving", "ordering", "boosts", place, "column"),
                )


def _known(column: str, columns: Sequence[str], table: str, *keys: str | int) -> None:
    if column not in columns:
        raise SettingError(
            f"{column!r} is no column of the {table} table, but {', '.join(columns) or 'none'}; name it under {table} "
            "(categorical, continuous or lists), or correct it.",
            *keys,
        )
