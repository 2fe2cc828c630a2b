"""Check of the release: it answers as the library does."""

# No `from __future__ import annotations`: Dagster reads the annotations of what it decorates.

from typing import Any

import dagster as dg

from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.newest_release import newest_release
from recsys_assets.challenger.release_parity import differences
from recsys_assets.challenger.users_to_try import some_users
from recsys_assets.metadata.tables import table

DESCRIPTION = """The release, opened as it will be served (features from the feature store, item state from its own
directory), gives the items and scores that the library computes from the same models and the raw tables, with the
same filters and boosts; compared in the order of score, before `serving.ordering`."""


def answers_like_its_parts(blueprint: Blueprint) -> dg.AssetChecksDefinition:
    """Defines the check."""
    key, name = blueprint.key("release"), "answers_like_its_parts"

    @dg.asset_check(asset=key, name=name, description=DESCRIPTION, blocking=True)
    def check() -> dg.AssetCheckResult:
        from feature_repo.pushed_events import pushed_users

        # What was pushed is younger than the tables that the library reads.
        users = some_users(blueprint, 20, without=pushed_users(blueprint.home.feast(blueprint.name)))
        found = differences(blueprint, newest_release(blueprint), users)
        rows: list[list[Any]] = [[user, problem] for user, problem in found.items()]
        said = f"{len(users)} users are answered alike" if not rows else f"{len(rows)} users are not"
        if len(users) < 2:  # the one that nobody is
            said = "nobody to compare: every user has pushed events that no log holds yet; read a log that holds them"
        return dg.AssetCheckResult(
            passed=not rows and len(users) > 1,
            description=f"{said}.",
            metadata={"differences": dg.MetadataValue.md(table(["user", "difference"], rows))},
        )

    return check
