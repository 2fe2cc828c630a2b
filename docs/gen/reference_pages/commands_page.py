"""The page of the `recsys` command, from the program that reads its options."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

import typer

from recsys_assets.cli import app
from reference_pages.table import table


def commands() -> dict[str, Any]:
    """The commands by name, as click knows them."""
    group: Any = typer.main.get_command(app)
    return dict(sorted(group.commands.items()))


def commands_page() -> str:
    """All commands with all options."""
    lines = ["# Commands", str(app.info.help)]
    for name, command in commands().items():
        lines += [f"## recsys {name}", cleandoc(command.help or ""), *_parameters(command)]
    return "\n\n".join(lines) + "\n"


def _parameters(command: Any) -> Iterator[str]:
    rows = [_row(parameter) for parameter in command.params if "--help" not in parameter.opts]
    if rows:
        yield table(("", "default", "meaning"), rows)


def _row(parameter: Any) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        return f"`{parameter.name.upper()}`", "must be given" if parameter.required else "", parameter.help or NAME
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    default = "must be given" if parameter.required else _default(parameter.default)
    return names, default, parameter.help or ""


def _default(value: Any) -> str:
    return "" if value is None or value is False else f"`{value}`"


NAME = "The recommender."
"""What an argument means that says nothing of itself."""
