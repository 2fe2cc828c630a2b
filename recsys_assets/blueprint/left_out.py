"""Ending a chain without an error where there is nothing to judge a challenger by."""

from __future__ import annotations

import dagster as dg

from recsys_assets.blueprint.blueprint import Blueprint

NOTE = "left_out"
"""Name of the metadata that says why an asset was not made."""


def leave_out(context: dg.AssetExecutionContext, blueprint: Blueprint, asset: str, reason: str) -> None:
    """Says on an asset, and on the release that will not follow, why they are not made.

    An asset that is defined as `optional` and gives nothing after this leaves out its checks and all below it, and the
    run ends well: a gate that has nothing to judge lets nothing through, and is no error either.

    Args:
        context: of the asset.
        blueprint: the recommender.
        asset: its name.
        reason: a sentence.
    """
    context.log.warning(reason)
    for name in (asset, "release"):
        context.log_event(dg.AssetObservation(blueprint.key(name), metadata={NOTE: reason}))
