"""What a recommender served on a day, as metadata."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from ops_gpu.candidates.candidates import DEGRADED, FALLBACK
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.metadata.pictures import histogram, hour_chart
from recsys_assets.metadata.tables import rounded, table, table_schema

if TYPE_CHECKING:
    import polars as pl

    from serving.decisions.served_day import ServedDay
    from serving.decisions.served_summary import ServedSummary

SAMPLES, ITEMS, MOST_SHOWN = 8, 5, 10
REQUEST, USER = "request_", "user_"
NOTES = {
    "request": "id of the request",
    "row": "place of the user in it",
    "time": "when it was answered (UTC)",
    "release": "hash of the release that answered",
    "decision": "a number that no other request has, for ids may be used twice",
    "user_id": "whom for, as in the log",
    "retrieved_item": "candidates of all sources",
    "retrieved_source": "bits of the sources that brought them; their names are in the file's notes",
    "removed_item": "candidates that filters removed",
    "removed_reason": "bits of the reasons; their names are in the file's notes",
    "scored_item": "candidates that the ordering chose from",
    "scored_score": "their scores",
    "scored_source": "bits of the sources that brought them",
    "item": "the list as it was given, best first",
    "score": "scores of the list",
    "source": "bits of sources; 64 degraded, 128 popular since nothing is known of the user",
    "propensity": "how probable each place was, given those before it",
}


def served_metadata(blueprint: Blueprint, day: date, served: ServedDay, found: ServedSummary) -> dict[str, Any]:
    """Numbers to plot over days, tables and pictures of one day.

    Args:
        blueprint: the recommender.
        day: in UTC.
        served: its decisions.
        found: their summary.
    """
    frame = served.decisions
    shown, catalogue = _shown(frame), _catalogue(blueprint)
    titles = dict(catalogue.iter_rows())
    share = {"catalogue_share": rounded(found.items / catalogue.height)} if catalogue.height else {}
    return {
        "requests": found.requests,
        "lists": found.lists,
        "users": found.users,
        "degraded_share": rounded(found.share(found.degraded)),
        "empty_share": rounded(found.share(found.empty)),
        "popular_share": rounded(found.share(found.popular)),
        "mean_length": rounded(found.mean_length),
        "items_shown": found.items,
        **share,
        "dagster/partition_row_count": frame.height,
        "dagster/column_schema": table_schema(frame, _notes(frame)),
        "releases": dg.MetadataValue.md(_releases(found)),
        "candidates": dg.MetadataValue.md(_candidates(found)),
        "removed": dg.MetadataValue.md(_removed(found)),
        "by_hour": hour_chart(_by_hour(found), "lists", "Lists by hour, by release"),
        "times_shown": histogram(
            shown["count"].to_numpy(), "lists", "items", log=True, title="In how many lists items were"
        ),
        "most_shown": dg.MetadataValue.md(_most_shown(found, shown, titles)),
        "samples": dg.MetadataValue.md(_samples(frame, titles)),
        "path": dg.MetadataValue.path(str(blueprint.home.served(blueprint.name, day))),
    }


def _notes(frame: pl.DataFrame) -> dict[str, str]:
    """What columns mean: those of every graph, and those that requests and the feature store bring."""
    said = {name: "as the request said" for name in frame.columns if name.startswith(REQUEST)}
    seen = {name: "what was stored of the user then" for name in frame.columns if name.startswith(USER)}
    return said | seen | NOTES


def _catalogue(blueprint: Blueprint) -> pl.DataFrame:
    """Ids and titles of all items; none before there is a table of them."""
    import polars as pl

    path = blueprint.home.items(blueprint.name)
    if not path.exists():
        return pl.DataFrame(schema=["item_id", "title"])
    return pl.read_parquet(path, columns=["item_id", "title"], glob=False)


def _shown(frame: pl.DataFrame) -> pl.DataFrame:
    """Items of all lists with the number of lists they were in, most frequent first."""
    import polars as pl

    lists = frame["item"] if "item" in frame.columns else pl.Series("item", [], pl.List(pl.Int64))
    items = lists.explode(empty_as_null=False, keep_nulls=False).value_counts()
    return items.sort("count", "item", descending=[True, False])


def _releases(found: ServedSummary) -> str:
    rows = [[release[:12], lists, f"{lists / found.lists:.1%}"] for release, lists in found.releases.items()]
    return table(["release", "lists", "share"], rows) if rows else "none answered"


def _candidates(found: ServedSummary) -> str:
    rows = [[source.replace("_", " "), f"{median:g}"] for source, median in found.retrieved.items()]
    rows += [] if found.scored is None else [["**left by filters**", f"**{found.scored:g}**"]]
    return table(["candidates by source", "median of a list"], rows) if rows else "none were logged"


def _removed(found: ServedSummary) -> str:
    rows = [[reason, count, f"{count / found.lists:.3g}"] for reason, count in found.removed.items()]
    return table(["removed because", "candidates", "of a list"], rows) if rows else "nothing"


def _by_hour(found: ServedSummary) -> dict[str, Any]:
    return {release[:12]: hours for release, hours in found.by_hour.items()}


def _most_shown(found: ServedSummary, shown: pl.DataFrame, titles: dict[Any, Any]) -> str:
    rows = [
        [titles.get(item) or item, count, f"{found.share(count):.1%}"]
        for item, count in shown.head(MOST_SHOWN).iter_rows()
    ]
    return table(["item", "lists", "share of lists"], rows) if rows else "nothing"


def _samples(frame: pl.DataFrame, titles: dict[Any, Any]) -> str:
    """Some lists from the whole of the day."""
    wanted = [name for name in ("time", "user_id", "item", "source", "release") if name in frame.columns]
    if frame.is_empty() or "item" not in wanted:
        return "no lists"
    step = max(frame.height // SAMPLES, 1)
    rows = []
    for row in frame.select(wanted).gather_every(step).head(SAMPLES).iter_rows(named=True):
        items = [str(titles.get(item) or item) for item in (row["item"] or [])[:ITEMS]]
        kind = _kind(row.get("source") or [])
        rows.append([f"{row['time']:%H:%M:%S}", row.get("user_id"), kind, items, row["release"][:7]])
    return table(["time", "user", "list", "first items", "release"], rows)


def _kind(source: list[int]) -> str:
    """What a list is by the bits of its first item."""
    first = source[0] if source else None
    if first is None:
        return "empty"
    degraded = ", degraded" if first & DEGRADED else ""
    return ("popular" if first & FALLBACK else "personalized") + degraded
