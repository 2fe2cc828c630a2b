"""What commands print: tables for people, one JSON object for programs, one sentence for errors."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

EXPECTED = (ValueError, LookupError, OSError, RuntimeError)
"""Errors whose message is a sentence for whoever typed the command."""
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def console(as_json: bool = False) -> Console:
    """Where people read: standard output, or standard error where that is kept for JSON."""
    return _console(as_json)


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]], right: str = "") -> Table:
    """A table with plain cells.

    Args:
        title: above it.
        header: names of columns.
        rows: cells.
        right: one letter a column, `r` for those that stand at the right.
    """
    made = Table(title=title, title_justify="left", header_style="bold", box=None, padding=(0, 2, 0, 0))
    for position, name in enumerate(header):
        made.add_column(name, justify="right" if right[position : position + 1] == "r" else "left")
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    return made


def emit(values: Mapping[str, Any]) -> None:
    """Prints one JSON object on a line of its own."""
    sys.stdout.write(json.dumps(values, default=str, allow_nan=False) + "\n")
    sys.stdout.flush()


@contextmanager
def sentences(as_json: bool) -> Iterator[None]:
    """Ends the command with the message of an expected error: one sentence, no trace, exit code 1."""
    try:
        yield
    except typer.Exit:  # a RuntimeError, but one that has been told
        raise
    except EXPECTED as error:
        fail(sentence_of(error), as_json)


def sentence_of(error: Exception) -> str:
    """What an expected error says."""
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


def fail(sentence: str, as_json: bool) -> NoReturn:
    """Prints an error and ends with exit code 1; with `--json` also as `{"error": ...}`."""
    _console(stderr=True).print(f"[bold red]error:[/] {_escaped(sentence)}", soft_wrap=True)
    if as_json:
        emit({"error": sentence})
    raise typer.Exit(1)


def _console(stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):  # titles have letters that the terminal's encoding may not know
        stream.reconfigure(errors="replace")
    return Console(stderr=stderr, highlight=False)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
