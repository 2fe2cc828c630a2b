"""Refusing a file that lacks a column."""

from __future__ import annotations

from collections.abc import Sequence

from ops_gpu.logs.errors.log_error import LogError, names

_BLANKS = " \t\u00a0"


def require_columns(wanted: Sequence[str], found: Sequence[str], path: str) -> None:
    """Checks that a file whose columns have names has those that are wanted.

    Args:
        wanted: names of columns.
        found: those of the file.
        path: the file, for the message.

    Raises:
        LogError: for the first one that is not there.
    """
    missing = next((name for name in wanted if name not in found), None)
    if missing is not None:
        raise LogError(
            f"'{path}' has no column '{missing}', found: {names(found)}; {correction(missing, found)}.", missing
        )


def correction(missing: str, found: Sequence[str]) -> str:
    """What to do about a column that is not there: one may differ in nothing but capitals or blanks."""
    alike = next((name for name in found if name.strip(_BLANKS).casefold() == missing.strip(_BLANKS).casefold()), None)
    return "correct the name in the YAML" if alike is None else f"write {alike!r} in the YAML"
