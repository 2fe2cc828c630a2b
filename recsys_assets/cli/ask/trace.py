"""`recsys trace`: how an answer came about, and where an item went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys_assets.cli.terminal.output import Json, console, emit, sentences, table
from recsys_assets.lookup.open_release import open_release
from resources.home import Home

if TYPE_CHECKING:
    import polars as pl

    from recsys_assets.tables.entity_lookup import EntityLookup

Request = Annotated[str, typer.Option("--request", help="Id of the request; `recsys recommend` prints it.")]
Item = Annotated[str | None, typer.Option("--item", help="Follow this item through the stages.")]
STAGES = (
    ("retrieved", "retrieved_item"),
    ("removed", "removed_item"),
    ("scored", "scored_item"),
    ("given", "item"),
)
SHOWN = 10


def trace(name: str, request: Request, item: Item = None, as_json: Json = False) -> None:
    """Show what NAME saw and did for a logged request, stage by stage, and whether its release answers so again."""
    home = Home.from_environment()
    with sentences(as_json):
        from recsys_assets.tables.entity_lookup import EntityLookup
        from serving.decisions.reader import find_request

        people = EntityLookup(home, name)
        wanted = people.item_id(item) if item is not None else None
        decisions, bits = find_request(home.decisions(name), request)
        again = [_again(home, name, part) for part in decisions.partition_by("release", maintain_order=True)]
        users = [_user(row, wanted, bits[row["release"]]) for row in decisions.iter_rows(named=True)]
    values = {"request": request, "time": decisions["time"].to_list()[0], "users": users, "again": again}
    if as_json:
        emit(values)
        return
    out = console()
    out.print(f"\nrequest [bold]{request}[/], {values['time']:%Y-%m-%d %H:%M:%S} UTC")
    for user in users:
        _show(user, people, wanted)
    for found in again:
        out.print(_said(found, name), soft_wrap=True)


def _again(home: Home, name: str, decisions: pl.DataFrame) -> dict[str, Any]:
    """Whether the release that answered gives the same lists again."""
    from serving.decisions.replay import answer_again, reproduced
    from serving.ensemble.ensemble import Ensemble

    folder = home.release(name, decisions["release"][0])
    found = {"release": folder.name, "reproduced": None, "largest_difference": None, "read_anew": ()}
    if not folder.is_dir():
        return found
    answer, lacking = answer_again(decisions, Ensemble.of(open_release(home, name, folder.name)))
    difference = reproduced(decisions, answer)
    return found | {"reproduced": difference is not None, "largest_difference": difference, "read_anew": lacking}


def _said(again: dict[str, Any], name: str) -> str:
    release = f"Release {again['release'][:12]}"
    if again["reproduced"] is None:
        return (
            f"[yellow]{release}, which answered, is not there any more, so nobody can ask it again: what stands above "
            f"is from the log. `recsys replay {name} --release HASH` asks another one; `releases: {{keep: N}}` in the "
            "YAML keeps more of them.[/]\n"
        )
    anew = f"; {', '.join(again['read_anew'])} were read anew, for the log does not have them" * bool(
        again["read_anew"]
    )
    if not again["reproduced"]:
        return f"[red]{release}, which answered, does not give the same list again[/]{anew}.\n"
    difference = again["largest_difference"]
    return f"[green]{release} gives the same list again[/] (scores differ by {difference:.1e} at most){anew}.\n"


def _user(row: dict[str, Any], item: Any, bits: dict[str, dict[str, int]]) -> dict[str, Any]:
    """One user of the request, for people or as JSON."""
    from serving.decisions.item_path import item_path, named_bits, sources_of

    seen = {key.removeprefix("user_"): value for key, value in row.items() if key.startswith("user_")}
    events = row.get("request_event_item") or []
    counts = {label: len(row[column]) for label, column in STAGES if column in row}
    reasons: dict[str, int] = {}
    for reason in (*row.get("removed_reason", ()), *row.get("2_removed_reason", ())):
        key = named_bits(reason, bits["reason"])
        reasons[key] = reasons.get(key, 0) + 1
    listed = zip(row["item"], row["score"], row["source"], row["propensity"], strict=True)
    return {
        "user_id": seen.pop("id"),
        "release": row["release"],
        "features": {key: _known(value) for key, value in seen.items() if not isinstance(value, list)},
        "history": len(seen.get("history_item") or []),
        "events": events,
        "counts": counts,
        "removed": reasons,
        "list": [
            {"item_id": i, "score": s, "sources": sources_of(row, i, b, bits), "propensity": p} for i, s, b, p in listed
        ],
        "path": [vars(note) for note in item_path(row, item, bits)] if item is not None else None,
    }


def _known(value: Any) -> Any:
    """A feature as it was; None where a batch has the value that stands for a null."""
    from serving.request.null_values import NULL_INTEGER

    missing = value != value or value in ("", NULL_INTEGER)
    return None if missing else value


def _show(user: dict[str, Any], people: EntityLookup, item: Any) -> None:
    out = console()
    features = ", ".join(f"{key} {'unknown' if v is None else v}" for key, v in user["features"].items())
    fresh = f", {len(user['events'])} events in the request" if user["events"] else ""
    out.print(f"\n[bold]User {user['user_id']}[/]  {features}; {user['history']} items in the history{fresh}")
    out.print("   ".join(f"{label} {count}" for label, count in user["counts"].items()))
    if user["removed"]:
        out.print("removed: " + ", ".join(f"{count} {reason}" for reason, count in user["removed"].items()))
    if user["path"] is not None:
        title = (people.titles([item]) or [None])[0]
        rows = [(note["stage"], "kept" if note["kept"] else "lost", note["note"]) for note in user["path"]]
        out.print(table(f"Item {item}" + (f", {title}" if title else ""), ["stage", "", ""], rows))
    listed = user["list"][:SHOWN]
    titles = people.titles([entry["item_id"] for entry in listed])
    lines = [
        (place, title or "", entry["item_id"], f"{entry['score']:.4f}", entry["sources"], f"{entry['propensity']:.3g}")
        for place, (entry, title) in enumerate(zip(listed, titles, strict=True), 1)
    ]
    out.print(table("Given", ["", "title", "item", "score", "found by", "propensity"], lines, "r rr r"))
