"""Whether a run continues what is fitted or fits it anew."""

from __future__ import annotations

from typing import Any

import dagster as dg
from pydantic import Field

from recsys_assets.blueprint import Blueprint

FITTED = ("workflow",)


class Fit(dg.Config):
    """Run configuration of the assets that keep what they once learned."""

    refit: bool = Field(
        default=False,
        description="Fit anew over all days, so that codes and statistics may move, instead of appending.",
    )
    uncompared: bool = Field(
        default=False,
        description="Make the release as the first one, compared with nothing, whatever is live.",
    )


def refit_config(plan: Blueprint, refit: bool = True, uncompared: bool = False) -> dict[str, Any]:
    """Run configuration that fits everything anew, or compares it with nothing; empty for neither."""
    chosen = {name: True for name, wanted in (("refit", refit), ("uncompared", uncompared)) if wanted}
    ops = {plan.key(asset).to_python_identifier(): {"config": chosen} for asset in FITTED}
    return {"ops": ops} if chosen else {}
