"""`recsys recommend`: asks the live release for one user's list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from recsys_assets.cli.terminal.context import named_texts, values_of
from recsys_assets.cli.terminal.output import Json, console, emit, sentences, table
from recsys_assets.lookup.outage_text import explained
from resources.home import Home
from serving.request.list_length import MOST_ITEMS

if TYPE_CHECKING:
    from recsys_assets.tables.entity_lookup import EntityLookup
    from serving.request.recommendation import RecommendationList

User = Annotated[str, typer.Option("--user", help="Id of the user, as in the logs.")]
Length = Annotated[int, typer.Option("-k", min=1, max=MOST_ITEMS, help="Number of items.")]
Context = Annotated[
    list[str] | None, typer.Option("--context", help="What a filter asks the request for, NAME=VALUE; may be repeated.")
]


def recommend(name: str, user: User, k: Length = 10, context: Context = None, as_json: Json = False) -> None:
    """Ask the live release of NAME for recommendations, over the network."""
    home = Home.from_environment()
    with sentences(as_json):
        from recsys_assets.tables.entity_lookup import EntityLookup
        from resources.configured import configured
        from serving.decisions.reader import TEST

        people = EntityLookup(home, name)
        user_id, said = people.user_id(user), named_texts(context or [])
        triton = configured(home).triton
        with triton.client(name) as client, explained(name, triton):
            # Opens the connection, which is no part of the stages' times.
            client.recommend([user_id], 1, request_id=f"{TEST}connection")
            wanted = values_of(said, client.model()) if said else None
            answer = client.recommend([user_id], k, context=wanted)[0]
        titles = people.titles([item.item_id for item in answer.items])
        if not as_json:
            _show(answer, titles, people, console())
        else:
            emit(_values(answer, titles))


def _values(answer: RecommendationList, titles: list[str | None]) -> dict[str, Any]:
    items = [
        {"item_id": item.item_id, "score": item.score, "title": title, "sources": item.sources}
        for item, title in zip(answer.items, titles, strict=True)
    ]
    return {
        "user_id": answer.user_id,
        "items": items,
        "source": answer.source,
        "degraded": answer.degraded,
        "release": answer.release,
        "request_id": answer.request_id,
        "stage_ms": answer.stage_ms,
    }


def _show(answer: RecommendationList, titles: list[str | None], people: EntityLookup, out: Console) -> None:
    user = people.user(answer.user_id)
    features = ", ".join(f"{key} {value}" for key, value in user.items() if key != "user_id")
    out.print(f"\n[bold]User {answer.user_id}[/]  {features}" if user else f"\n[bold]User {answer.user_id}[/]")
    liked = people.liked(answer.user_id)
    if liked:
        named = zip(liked, people.titles(liked), strict=True)
        out.print("liked   " + ", ".join(title or str(item) for item, title in named))
    if answer.degraded:
        out.print("[yellow]degraded: the feature store cannot be read, so nothing that is stored of users counts[/]")
    elif answer.source == "popular":
        out.print("[yellow]nothing is known of this user: what is popular now[/]")
    if answer.source == "empty":
        told = f"recsys trace {people.name} --request {answer.request_id}"
        out.print(f"[yellow]no item was left: `{told}` says what was removed, and why[/]", soft_wrap=True)
    rows = [
        (place, title or "", item.item_id, f"{item.score:.4f}", ", ".join(item.sources))
        for place, (item, title) in enumerate(zip(answer.items, titles, strict=True), 1)
    ]
    out.print()
    if rows:
        out.print(table("Recommended", ["", "title", "item", "score", "found by"], rows, "r rr"))
    stages = "  ".join(f"{stage} {ms:.2f}" for stage, ms in answer.stage_ms.items())
    total = sum(answer.stage_ms.values())
    out.print(f"\n[dim]release {answer.release[:12]}   {total:.2f} ms: {stages}[/]")
    out.print(f"[dim]request {answer.request_id}[/]\n")
