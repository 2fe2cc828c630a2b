"""The definitions of one recommender."""

from __future__ import annotations

import dagster as dg

from recsys_assets.assets.data.entities import entities
from recsys_assets.assets.data.interactions import interactions
from recsys_assets.assets.data.raw_files import raw_files
from recsys_assets.assets.data.raw_logs import raw_logs
from recsys_assets.assets.data.served_requests import served_requests
from recsys_assets.assets.features.feature_store import feature_store
from recsys_assets.assets.features.features import features
from recsys_assets.assets.features.item_state import item_state
from recsys_assets.assets.features.statistics import statistics
from recsys_assets.assets.features.workflow import schema, workflow
from recsys_assets.assets.models.evaluation import evaluation
from recsys_assets.assets.models.faiss_index import faiss_index
from recsys_assets.assets.models.item_embeddings import item_embeddings
from recsys_assets.assets.models.ranking_model import ranking_model
from recsys_assets.assets.models.retrieval_model import retrieval_model
from recsys_assets.assets.models.training_lists import training_lists
from recsys_assets.assets.release.deployment import deployment
from recsys_assets.assets.release.release import release
from recsys_assets.automation import conditions as automation
from recsys_assets.automation.log_sensor import log_sensor
from recsys_assets.automation.schedules import schedules
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.blueprint.model_families import dense_models
from recsys_assets.checks.data import data_checks
from recsys_assets.checks.models import model_checks
from recsys_assets.checks.served import served_checks

LEARNED = "the statistics of a day, the users or the items were made anew"
READ_DAY = "a day was read anew"
READ = "a day, the users or the items were read anew"
KNOWN = "the workflow was fitted over other days, users or items"
FRESH = "the features of a day were made anew"
RETRIEVAL = "the retrieval models were fitted anew"
EMBEDDED = "the vectors of items were made anew"
LISTED = "the ranker's training lists were made anew"
RANKED = "the ranker was fitted anew"


def build_graph(blueprint: Blueprint) -> dg.Definitions:
    """Assets, checks, sensor and schedules of a recommender."""
    return dg.Definitions(
        assets=[*_data(blueprint), *_features(blueprint), *_models(blueprint), *_release(blueprint)],
        asset_checks=[*data_checks(blueprint), *model_checks(blueprint), *served_checks(blueprint)],
        sensors=[log_sensor(blueprint)],
        schedules=schedules(blueprint),
    )


def _only(blueprint: Blueprint, *assets: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(blueprint.key(asset) for asset in assets))


def _data(blueprint: Blueprint) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    generator = blueprint.settings.generator
    ids = automation.after(_only(blueprint, "interactions"), READ_DAY)
    generated = [raw_logs(blueprint, generator)] if generator is not None else []
    return [
        *generated,
        *raw_files(blueprint),
        interactions(blueprint, automation.code_changed()),
        entities("users", blueprint, ids),
        entities("items", blueprint, ids),
    ]


def _features(blueprint: Blueprint) -> list[dg.AssetsDefinition]:
    events = _only(blueprint, "interactions")
    last = blueprint.key("deployment")
    known = automation.newest_day_after(_only(blueprint, "workflow"), last, KNOWN)
    told = automation.after(_only(blueprint, "item_state", "users", "items"), READ)
    return [
        statistics(blueprint, automation.daily(events, last)),
        item_state(blueprint, automation.daily(events, last)),
        workflow(blueprint, automation.after(_only(blueprint, "statistics", "users", "items"), LEARNED)),
        schema(blueprint, automation.whole()),
        features(blueprint, known),
        feature_store(blueprint, told),
    ]


def _models(blueprint: Blueprint) -> list[dg.AssetsDefinition]:
    fitted = automation.after(_only(blueprint, "retrieval_model"), RETRIEVAL)
    embedded = automation.after(_only(blueprint, "item_embeddings"), EMBEDDED)
    indexed = [item_embeddings(blueprint, fitted), faiss_index(blueprint, embedded)]
    return [
        retrieval_model(blueprint, automation.after(_only(blueprint, "features"), FRESH)),
        *(indexed if dense_models(blueprint.settings) else []),
        training_lists(blueprint, fitted),
        ranking_model(blueprint, automation.after(_only(blueprint, "training_lists"), LISTED)),
        evaluation(blueprint, automation.after(_only(blueprint, "ranking_model"), RANKED)),
    ]


def _release(blueprint: Blueprint) -> list[dg.AssetsDefinition]:
    measured = automation.after(_only(blueprint, "evaluation"), "a challenger was measured and passed its checks")
    built = automation.after(_only(blueprint, "release"), "a release was built")
    return [release(blueprint, measured), deployment(blueprint, built), served_requests(blueprint)]
