"""The definitions of one recommender."""

from __future__ import annotations

import dagster as dg

from recsys_assets.assets.data.entities import entities
from recsys_assets.assets.data.interactions import interactions
from recsys_assets.assets.data.raw_logs import raw_logs
from recsys_assets.assets.data.served_requests import served_requests
from recsys_assets.assets.features.feature_store import feature_store
from recsys_assets.assets.features.features import features
from recsys_assets.assets.features.statistics import statistics
from recsys_assets.assets.features.workflow import schema, workflow
from recsys_assets.assets.models.evaluation import evaluation
from recsys_assets.assets.models.index import faiss_index, item_embeddings
from recsys_assets.assets.models.ranking_model import ranking_model
from recsys_assets.assets.models.retrieval_model import retrieval_model
from recsys_assets.assets.release.deployment import deployment
from recsys_assets.assets.release.release import release
from recsys_assets.automation import conditions as automation
from recsys_assets.automation.log_sensor import log_sensor
from recsys_assets.automation.schedules import schedules
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.checks.data import data_checks
from recsys_assets.checks.models import model_checks
from recsys_assets.checks.served import served_checks

LEARNED = "the statistics of a day, the users or the items were made anew"
FRESH = "the features of a day, the users or the items were made anew"
TOWERS = "the towers were fitted anew"


def build_graph(plan: Blueprint) -> dg.Definitions:
    """Assets, checks, sensor and schedules of a recommender."""
    return dg.Definitions(
        assets=[*_data(plan), *_features(plan), *_models(plan), *_release(plan)],
        asset_checks=[*data_checks(plan), *model_checks(plan), *served_checks(plan)],
        sensors=[log_sensor(plan)],
        schedules=schedules(plan),
    )


def _only(plan: Blueprint, *assets: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(plan.key(asset) for asset in assets))


def _data(plan: Blueprint) -> list[dg.AssetsDefinition]:
    generator = plan.settings.generator
    generated = [raw_logs(plan, generator)] if generator is not None else []
    return [
        *generated,
        interactions(plan, automation.code_changed()),
        entities("users", plan, automation.code_changed()),
        entities("items", plan, automation.code_changed()),
    ]


def _features(plan: Blueprint) -> list[dg.AssetsDefinition]:
    events = _only(plan, "interactions")
    known = automation.daily_after(events, plan.key("interactions"), plan.key("workflow"))
    anew = automation.after(_only(plan, "features", "users", "items"), FRESH)
    return [
        statistics(plan, automation.daily(events)),
        workflow(plan, automation.after(_only(plan, "statistics", "users", "items"), LEARNED)),
        schema(plan, automation.whole()),
        features(plan, known),
        feature_store(plan, anew),
    ]


def _models(plan: Blueprint) -> list[dg.AssetsDefinition]:
    return [
        retrieval_model(plan, automation.after(_only(plan, "features", "users", "items"), FRESH)),
        item_embeddings(plan, automation.after(_only(plan, "retrieval_model"), TOWERS)),
        faiss_index(plan, automation.whole()),
        ranking_model(plan, automation.after(_only(plan, "retrieval_model"), TOWERS)),
        evaluation(plan, automation.whole()),
    ]


def _release(plan: Blueprint) -> list[dg.AssetsDefinition]:
    measured = automation.after(_only(plan, "evaluation"), "a candidate was measured and passed its checks")
    return [release(plan, measured), deployment(plan, automation.whole()), served_requests(plan)]
