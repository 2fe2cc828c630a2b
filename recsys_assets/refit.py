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


def refit_config(plan: Blueprint) -> dict[str, Any]:
    """Run configuration that fits everything anew."""
    ops = {plan.key(asset).to_python_identifier(): {"config": {"refit": True}} for asset in FITTED}
    return {"ops": ops}
