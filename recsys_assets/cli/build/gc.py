"""`recsys gc`: which releases are kept, and which go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys_assets.cli.terminal.output import Json, console, emit, fail, sentences, table
from recsys_assets.lookup.names import check_name, released
from resources.home import Home

if TYPE_CHECKING:
    from serving.release.holding import Holding

Name = Annotated[str | None, typer.Argument(help="The recommender; by default all of this home.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")]
Keep = Annotated[
    int | None, typer.Option("--keep", min=1, help="How many of the newest stay; by default what the YAML says.")
]


def gc(name: Name = None, dry_run: DryRun = False, keep: Keep = None, as_json: Json = False) -> None:
    """Remove releases of NAME beyond the newest, and what processes that were ended left behind.

    What is live, the release before, what is being tried or waits, and MLflow's champion stay. The asset `deployment`
    does the same by itself.
    """
    home = Home.from_environment()
    with sentences(as_json):
        if name is not None:
            check_name(name, home)
        found: dict[str, dict[str, Any]] = {}
        problems: list[str] = []
        for each in [name] if name is not None else [n for n in released(home) if (home.releases / n).is_dir()]:
            try:
                found[each] = _cleaned_up(each, home, keep, dry_run, as_json)
            except (ValueError, LookupError, OSError, RuntimeError) as error:  # of one, and the others go on
                problems.append(str(error))
        if problems:
            fail(" ".join(problems), as_json)
        if as_json:
            emit({"dry_run": dry_run, "bytes": sum(one["bytes"] for one in found.values()), "recommenders": found})


def _cleaned_up(name: str, home: Home, keep: int | None, dry_run: bool, as_json: bool) -> dict[str, Any]:
    """Of one recommender: told to people at once, and returned for programs."""
    from recsys_assets.challenger.retention import retain
    from resources.configured import configured

    resources, kept = configured(home), keep or _keep(name, home)
    with console(as_json).status(f"{name}: looking, once nobody deploys ..."):
        holdings = retain(name, home, resources.triton, resources.mlflow, kept, dry_run)
    size = sum(holding.size for holding in holdings if holding.goes)
    if not as_json:
        _show(name, holdings, kept, dry_run)
    return {"keep": kept, "bytes": size, "holdings": [_row(holding) for holding in holdings]}


def _row(holding: Holding) -> dict[str, Any]:
    names = ("path", "what", "goes", "why")
    row = {name: getattr(holding, name) for name in names}
    return {**row, "name": holding.path.name, "made": holding.made.isoformat(), "bytes": holding.size}


def _keep(name: str, home: Home) -> int:
    """What its YAML says: only that knows how many releases somebody wants to go back to.

    Raises:
        ValueError: when there is no YAML of that name, or it cannot be used.
    """
    from recsys_assets.component.yaml_errors import YamlError
    from recsys_assets.lookup.find import find_recommender

    try:
        return find_recommender(name, home).settings.releases.keep
    except YamlError as error:
        raise ValueError(f"How many releases {name!r} keeps is unknown: {error} Or say so with --keep.") from error


def _show(name: str, holdings: Sequence[Holding], keep: int, dry_run: bool) -> None:
    from recsys_assets.metadata.retained import megabytes, removed

    goes = "would go" if dry_run else "gone"
    rows = [
        (
            holding.path.name[:12] if holding.what == "release" else f"{holding.what} {holding.path.name}",
            f"{holding.made:%Y-%m-%d %H:%M}",
            megabytes(holding.size),
            goes if holding.goes else "stays",
            holding.why,
        )
        for holding in holdings
    ]
    out = console()
    title = f"{name}: the newest {keep} releases stay, and what else is needed"
    out.print(table(title, ["release", "made (UTC)", "size", "", "why"], rows, "  r"))
    out.print(f"{goes.capitalize()}: {removed(holdings)}.", soft_wrap=True)
