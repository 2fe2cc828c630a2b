"""How the files of a raw log are to be read."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ops_gpu.logs.errors.log_error import LogError, names

Format = Literal["auto", "parquet", "delimited", "jsonl"]
FORMATS = ("auto", "parquet", "delimited", "jsonl")


@dataclass(frozen=True)
class LogSource:
    """The place and the layout of the files of one table.

    Compression (gzip, bzip2, xz, zstd) is seen from the first bytes of a file and needs no setting. Columns
    of delimited files are read as text, so that leading zeros survive; Parquet and JSON lines keep their
    types.

    Args:
        path: a file, a glob, a folder (all data files below it) or an fsspec address; may hold
            `${NAME:-default}`.
        format: `parquet`, `delimited`, `jsonl`, or `auto`: by the name of each file.
        separator: what stands between two fields of a delimited file; any string.
        header: whether the first line of a delimited file names the columns.
        columns: the names of the columns, in order, when there is no header.
        encoding: the codec of a delimited file, by its Python name.
        quote: the character around fields that hold a separator, `""` for none; by default `"` where the
            separator is a single character and none where it is longer (such layouts do not quote).
        null_values: texts that mean that there is no value.

    Raises:
        LogError: when the settings contradict each other.
    """

    path: str
    format: Format = "auto"
    separator: str = ","
    header: bool = True
    columns: Sequence[str] = ()
    encoding: str = "utf-8"
    quote: str | None = None
    null_values: Sequence[str] = ("",)

    def __post_init__(self) -> None:
        self._check_choices()
        if not self.header and not self.columns:
            raise LogError(f"source '{self.path}' has header: false but no columns; list their names in order.")
        if self.header and self.columns:
            raise LogError(
                f"source '{self.path}' lists columns ({names(self.columns)}) although its first line "
                "names them; "
                f"say header: false, or leave columns out."
            )
        if len(set(self.columns)) < len(self.columns):
            raise LogError(f"source '{self.path}' lists a column twice ({names(self.columns)}); rename one of them.")

    @property
    def shown_separator(self) -> str:
        """The separator as a YAML would write it, for messages: a tab cannot be seen."""
        return self.separator.replace("\t", "\\t")

    @property
    def quote_character(self) -> str | None:
        """The quoting that applies to delimited files, None for none."""
        if self.quote is None:
            return '"' if len(self.separator.encode()) == 1 else None
        return self.quote or None

    def _check_choices(self) -> None:
        if self.format not in FORMATS:
            raise LogError(f"source '{self.path}' has format '{self.format}', expected one of {names(FORMATS)}.")
        if not self.separator or {"\n", "\r"} & set(self.separator):
            raise LogError(f"source '{self.path}' needs a separator of one or more characters within a line.")
        if self.quote is not None and len(self.quote.encode()) > 1:
            raise LogError(f"source '{self.path}' has quote '{self.quote}', expected one ASCII character or none.")
        if self.quote and self.quote == self.separator:
            raise LogError(
                f"source '{self.path}' has {self.quote!r} as quote and as separator, which could not be told apart; "
                "give another quote, or an empty one for none.",
                keys=("quote",),
            )
        if not self.path.strip() or "\0" in self.path:
            raise LogError(
                f"source {self.path!r} is no path: expected the name of a file, a folder or an address, "
                "without zero bytes; correct it.",
                keys=("path",),
            )
        try:
            if not codecs.lookup(self.encoding)._is_text_encoding:
                raise LookupError(self.encoding)
        except (LookupError, ValueError):
            raise LogError(
                f"source '{self.path}' has the unknown encoding '{self.encoding}'; "
                f"use a Python codec name such as utf-8 or latin-1."
            ) from None
