"""`recsys bench`: how fast the live release answers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from recsys_assets.cli.terminal.output import Json, console, emit, sentences, table
from recsys_assets.lookup.outage_text import explained
from resources.home import Home
from serving.request.list_length import MOST_ITEMS

CLIENTS = (1, 4, 16)
Seconds = Annotated[float, typer.Option(min=0.1, help="Seconds of measuring for each number of clients.")]
Rate = Annotated[
    float, typer.Option(min=0, max=100_000, help="Requests a second, sent at fixed moments; 0: as fast as clients can.")
]
Length = Annotated[int, typer.Option("-k", min=1, max=MOST_ITEMS, help="Number of items.")]


def bench(name: str, seconds: Seconds = 5.0, k: Length = 10, rate: Rate = 0.0, as_json: Json = False) -> None:
    """Measure the live release of NAME at 1, 4 and 16 clients, or at a fixed rate, one user a request."""
    home = Home.from_environment()
    with sentences(as_json):
        from recsys_assets.tables.entity_lookup import EntityLookup
        from resources.configured import configured
        from serving.client.fixed_rate_load import CLIENTS as SENDERS
        from serving.client.fixed_rate_load import steady_load
        from serving.client.load_test import load_test

        users = EntityLookup(home, name).active_users(1000)
        triton = configured(home).triton
        url = triton.target().grpc_url
        with console(as_json).status("measuring ..."), explained(name, triton):
            if rate:
                found = {str(SENDERS): steady_load(url, name, users, k, rate, seconds)}
            else:
                found = {str(clients): load_test(url, name, users, k, clients, seconds) for clients in CLIENTS}
    values: dict[str, Any] = {
        "name": name,
        "k": k,
        "clients": {clients: result.summary() for clients, result in found.items()},
        "stage_ms": next(iter(found.values())).stages(),
    }
    if as_json:
        emit(values)
        return
    rows = [
        (
            clients,
            f"{row['p50_ms']:.2f}",
            f"{row['p99_ms']:.2f}",
            f"{row['requests_per_s']:,.0f}",
            row["errors"],
        )
        for clients, row in values["clients"].items()
    ]
    out = console()
    unsent = sum(row["unsent"] for row in values["clients"].values())
    if unsent:
        out.print(f"[yellow]The server does not keep up with {rate:g} requests/s: {unsent:,} were never sent.[/]")
    out.print(
        table(
            f"{name}, {k} items a request",
            ["clients", "p50 ms", "p99 ms", "requests/s", "errors"],
            rows,
            "rrrrr",
        )
    )
    out.print(
        table(
            f"Stages at {next(iter(found))} clients" if rate else "Stages at 1 client",
            ["stage", "median ms"],
            [(s, f"{v:.3f}") for s, v in values["stage_ms"].items()],
            " r",
        )
    )
