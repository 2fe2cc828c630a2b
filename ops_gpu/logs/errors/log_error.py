"""The error of everything that reads raw logs."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 80
"""Characters of a value that a message shows."""


class LogError(ValueError):
    """A raw log cannot be read as declared.

    The message is one sentence that names the file or the setting, says what was expected and what was
    found, and how to mend it; it is meant to be shown to the person who wrote the YAML, without a trace.

    Args:
        message: the sentence.
        column: the raw column that is missing, where that is what is wrong.
        keys: the way to the setting that is wrong, from the section that is checked, where that is known.
    """

    def __init__(self, message: str, column: str | None = None, keys: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.column = column
        self.keys = keys


def names(values: Iterable[object], limit: int = 12) -> str:
    """The values as `a, b, c`, at most `limit` of them (source: the messages of this package)."""
    texts = [printable(str(value)[:LONGEST]) for value in values]
    rest = len(texts) - limit
    return ", ".join(texts[:limit]) + (f" and {rest} more" if rest > 0 else "")


def printable(text: str) -> str:
    """The text with signs that cannot be seen, such as a carriage return, written as in a Python string."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def shown(value: object) -> str:
    """A value of a file as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text):,} characters)"


def first_line(error: BaseException) -> str:
    """What another library said, shortened to its first line so that it fits into our sentence."""
    text = str(error).strip() or type(error).__name__
    return printable(text.splitlines()[0].rstrip(".")[:200])
