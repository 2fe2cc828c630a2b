"""Recommenders as Dagster assets: `type: recsys_assets.Recommender` in a `defs.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys_assets.component.recommender import Recommender

__all__ = ["Recommender"]


def __getattr__(name: str) -> Any:
    """Imports the component when it is asked for, so that the `recsys` command starts without Dagster."""
    if name == "Recommender":
        from recsys_assets.component.recommender import Recommender

        return Recommender
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
