"""`recsys event`: what a user just did, for the next list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from recsys_assets.cli.terminal.output import Json, console, emit, sentences
from resources.home import Home

User = Annotated[str, typer.Option("--user", help="Id of the user, as in the logs.")]
Item = Annotated[str, typer.Option("--item", help="Id of the item, as in the logs.")]
Success = Annotated[bool, typer.Option("--positive/--negative", help="Whether it counts as a success.")]
Time = Annotated[datetime | None, typer.Option("--time", help="When, in UTC; by default now.")]


def event(
    name: str, user: User, item: Item, positive: Success = True, time: Time = None, as_json: Json = False
) -> None:
    """Tell NAME what a user just did: it goes to the feature store, and the next list knows it."""
    home = Home.from_environment()
    with sentences(as_json):
        import polars as pl

        from recsys_assets.tables.entity_lookup import EntityLookup
        from resources.configured import configured

        people = EntityLookup(home, name)
        ids = {"user_id": people.user_id(user), "item_id": people.item_id(item)}
        moment = _checked(time)
        row = pl.DataFrame({**{key: [value] for key, value in ids.items()}, "timestamp": [moment], "label": [positive]})
        configured(home).feature_store.push(name, row)
    if as_json:
        emit({**ids, "time": moment, "positive": positive})
        return
    title = people.titles([ids["item_id"]])[0]
    out = console()
    if people.knows_item(ids["item_id"]):
        out.print(f"User {ids['user_id']}: {title or ids['item_id']}; the next list knows it.")
        return
    out.print(f"User {ids['user_id']}: {ids['item_id']} is kept.")
    out.print(f"[yellow]The items of {name} have no {ids['item_id']}: it counts once a release knows it.[/]")


def _checked(time: datetime | None) -> datetime:
    """The moment, now where none is given; ValueError for one that would stay the user's latest for ever, or none."""
    from resources.push_events import AHEAD

    now = datetime.now(UTC).replace(tzinfo=None)
    if time is not None and not datetime(1970, 1, 1) <= time <= now + AHEAD:
        raise ValueError(f"--time must lie between 1970 and now, in UTC ({now:%Y-%m-%dT%H:%M}), got {time}.")
    return time or now
