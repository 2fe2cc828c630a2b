"""Whether a run continues what is fitted or fits it anew."""

from __future__ import annotations

from typing import Any

import dagster as dg
from pydantic import Field

from recsys_assets.blueprint.blueprint import Blueprint


class RefitConfig(dg.Config):
    """Run configuration of the assets that keep what they once learned."""

    refit: bool = Field(
        default=False,
        description="Fit anew over all days, so that codes and statistics may move, instead of appending.",
    )
    uncompared: bool = Field(
        default=False,
        description="Make the release as the first one, compared with nothing, whatever is live.",
    )


class ReadConfig(dg.Config):
    """Run configuration of the asset that reads the raw log."""

    drop_missing: bool = Field(default=False, description="Let go of events whose files are gone.")


def run_config(
    blueprint: Blueprint, refit: bool = True, uncompared: bool = False, drop_missing: bool = False
) -> dict[str, Any]:
    """Run configuration of what a person may choose; empty for none of it.

    Args:
        blueprint: the recommender.
        refit: to fit everything anew.
        uncompared: to compare the release with nothing.
        drop_missing: to let go of events whose files are gone.
    """
    chosen = {
        "workflow": {name: True for name, wanted in (("refit", refit), ("uncompared", uncompared)) if wanted},
        "interactions": {"drop_missing": True} if drop_missing else {},
    }
    ops = {
        blueprint.key(asset).to_python_identifier(): {"config": config} for asset, config in chosen.items() if config
    }
    return {"ops": ops} if ops else {}
