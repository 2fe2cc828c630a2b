"""What columns mean, for the column view of the UI."""

from __future__ import annotations

from collections.abc import Sequence

from ops_gpu.logs.entities import EntityTable

IDS = {
    "user_id": "id of the user, as in the log",
    "item_id": "id of the item, as in the log",
}


def entity_notes(kind: str, declared: EntityTable | None) -> dict[str, str]:
    """Meaning of each column of `users` or `items`, as the YAML declares it.

    Args:
        kind: `users` or `items`.
        declared: the table's section of the YAML; None where there is none.
    """
    table = declared or EntityTable()
    roles = {"categorical": table.categorical, "continuous": table.continuous, "lists": table.lists}
    names = {
        "categorical": "categorical feature",
        "continuous": "continuous feature; dates as days since 1970",
        "lists": "list feature: several categories a row",
    }
    notes = {column: f"{names[role]} (`{kind}.{role}`)" for role, columns in roles.items() for column in columns}
    if kind == "items":
        notes["title"] = "text to show people" + (f" (column `{table.title}`)" if table.title else "")
        notes["available"] = "may be recommended now" + (f" (`{table.available}`)" if table.available else "")
    return IDS | notes


def event_feature_notes(half_lives_days: Sequence[float]) -> dict[str, str]:
    """Meaning of the columns of `features` that are not columns of users or items.

    Args:
        half_lives_days: decays of popularity, in the order of the numbers in the columns' names.
    """
    notes = {
        "user_id": "code of the user in the workflow",
        "item_id": "code of the item in the workflow",
        "unknown_user": "id of a user who had no code of their own",
        "unknown_item": "id of an item that had no code of its own",
        "timestamp": "moment of the event (UTC)",
        "label": "whether the event counts as liking",
        "history": "codes of the user's items strictly before the event, latest first",
        "item_positive_rate": "share of the item's events that were liked",
        "item_item_age": "log(1 + days since the item's first event)",
        "item_total": "log(1 + events of the item so far)",
        "user_items": "distinct items that the user has met",
        "own_count": "events of this user with this item before",
        "own_days": "days since the last of them; null without one",
    }
    for number, days in enumerate(half_lives_days):
        half_life = f"likes of the item, halved every {days:g} days"
        notes[f"item_popularity_{number}"] = f"log(1 + {half_life})"
        notes[f"item_popularity_share_{number}"] = f"log of the share of all items in: {half_life}"
    return notes
