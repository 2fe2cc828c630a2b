"""`recsys replay`: what a challenger would have answered to the requests that came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys_assets.cli.terminal.output import Json, console, emit, sentences, table
from resources.home import Home

if TYPE_CHECKING:
    import polars as pl

Challenger = Annotated[str, typer.Option("--release", help="Hash of the challenger, or its first digits.")]
Most = Annotated[int, typer.Option("--requests", min=1, help="How many of the newest logged lists.")]
By = Annotated[str | None, typer.Option("--by", help="Segment by this logged column, such as user_country.")]
HISTORY = "user_history_item"


def replay(name: str, release: Challenger, requests: Most = 2000, by: By = None, as_json: Json = False) -> None:
    """Run the newest logged requests of NAME through another release and compare the lists, by segment."""
    home = Home.from_environment()
    with sentences(as_json):
        import polars as pl

        from recsys_assets.lookup.find import release_beginning
        from serving.decisions.reader import newest_decisions
        from serving.decisions.replay import comparison
        from serving.decisions.replay import replay as again
        from serving.ensemble.ensemble import Ensemble

        challenger = release_beginning(home, name, release)
        parts = list(newest_decisions(home.decisions(name), requests))
        if not parts:
            raise LookupError(f"No requests of {name!r} are logged; ask it first, or raise `log_rate`.")
        logged = pl.concat(parts, how="diagonal_relaxed")
        with console(as_json).status(f"answering {logged.height:,} requests again ..."):
            found = again(logged, Ensemble.of(challenger))
        rows = comparison(logged, found.lists, _segment(logged, by)).to_dicts()
    if as_json:
        emit({"name": name, "release": challenger.hash, "read_anew": found.read_anew, "segments": rows})
        return
    out = console()
    out.print(
        table(f"{logged.height:,} lists of {name}, and those of {challenger.hash[:12]}", HEADER, _cells(rows), RIGHT)
    )
    if found.read_anew:
        out.print(f"[yellow]read anew, for the log does not have them: {', '.join(found.read_anew)}[/]")


# Two lines each, so that it fits into 80 columns.
HEADER = [
    "segment",
    "lists",
    "overlap",
    "same\nfirst",
    "score\nthen",
    "score\nnow",
    "empty\nthen",
    "empty\nnow",
    "ms a\nuser",
]
RIGHT = " rrrrrrrr"


def _cells(rows: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (
            row["segment"],
            f"{row['requests']:,}",
            *("" if row[share] is None else f"{row[share]:.3f}" for share in ("overlap", "same_first")),
            *(f"{row[f'score_{when}'] or float('nan'):.4f}" for when in ("then", "now")),
            *(f"{row[f'empty_{when}']:.3f}" for when in ("then", "now")),
            f"{row['ms']:.2f}",
        )
        for row in rows
    ]


def _segment(logged: pl.DataFrame, by: str | None) -> pl.Series:
    import polars as pl

    if by is not None:
        if by not in logged.columns:
            raise LookupError(f"The log has no column {by!r}; it has {', '.join(logged.columns)}.")
        return logged[by].cast(pl.String).fill_null("none")
    if HISTORY not in logged.columns:
        return pl.repeat("users", logged.height, eager=True)
    sizes = logged[HISTORY].list.len()
    return sizes.cut([0, 9, 99], labels=["no history", "1 to 9 items", "10 to 99 items", "100 items or more"]).cast(
        pl.String
    )
