"""`recsys served`: keeps what was recommended on a day, and says what it was like."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from recsys_assets.blueprint.asset_names import SERVED
from recsys_assets.cli.build.materialize import MATERIALIZE, run
from recsys_assets.cli.terminal.output import Json, console, emit, fail, sentences, table
from resources.dagster_home import dagster_environment
from resources.home import Home

if TYPE_CHECKING:
    from serving.decisions.served_summary import ServedSummary

Day = Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="In UTC; by default today so far.")]


def served(name: str, day: Day = None, as_json: Json = False) -> None:
    """Keep what NAME recommended on a day (materialize `served_requests`), and show it in numbers."""
    home, out = Home.from_environment(), console(as_json)
    date = (day or datetime.now(UTC)).date()
    with sentences(as_json):
        from recsys_assets.lookup.find import find_recommender
        from serving.decisions.served_day import ServedDay
        from serving.decisions.served_summary import ServedSummary

        days = find_recommender(name, home).served_days
        if not days.has_partition_key(str(date)):
            first, last = days.get_first_partition_key(), days.get_last_partition_key()
            raise LookupError(
                f"Nothing is known of what {name!r} served on {date}, expected a day from {first} to {last}; "
                "give one of them as --day."
            )
        command = [*MATERIALIZE, "--select", f'key:"{name}/{SERVED}"', "--partition", str(date)]
        _, failure = run(command, dagster_environment(home), out, name)
        if failure:
            fail(failure, as_json)
        path = home.served(name, date)
        served_day = ServedDay.load(path)
        summary = ServedSummary.of(served_day.decisions, served_day.bits)
    if as_json:
        emit({"name": name, "day": date, "path": path, **summary.to_dict()})
        return
    out.print(table(f"What {name} served on {date} (UTC)", ["", ""], _rows(summary)))
    out.print(f"kept in {path}", soft_wrap=True)


def _rows(found: ServedSummary) -> list[tuple[str, str]]:
    if not found.lists:
        return [("requests", "none")]
    left = [] if found.scored is None else [("left by filters (median)", f"{found.scored:g}")]
    return [
        ("requests", f"{found.requests:,} with {found.lists:,} lists for {found.users:,} users"),
        ("by release", ", ".join(f"{name[:12]} {count:,}" for name, count in found.releases.items())),
        ("items of a list", f"{found.mean_length:.1f}, {found.items:,} different ones in all"),
        ("degraded, empty", f"{found.share(found.degraded):.1%}, {found.share(found.empty):.1%}"),
        ("popular", f"{found.share(found.popular):.1%}, since nothing is known of the user"),
        ("candidates (median)", ", ".join(f"{name} {median:g}" for name, median in found.retrieved.items())),
        *left,
        ("removed", ", ".join(f"{count:,} {reason}" for reason, count in found.removed.items()) or "nothing"),
    ]
