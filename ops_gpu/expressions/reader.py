"""Reader: from an expression as Polars writes it down to JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops_gpu.expressions.constants import SCALARS, plain_number, plain_values
from ops_gpu.expressions.grammar import Grammar
from ops_gpu.expressions.parts import of_type, single
from ops_gpu.expressions.refusals import NotData, RunsCode

BYTES = 16
"""Lists of more numbers, each of them a byte, are taken for bytes: no function has such a parameter."""


class Reader(Grammar):
    """Takes expressions that Polars made."""

    def column(self, name: str) -> str:
        return name

    def constant(self, body: Any) -> Any:
        form, value = single(body)
        if form == "Series" or (form == "Scalar" and "List" in value):
            return {"Values": plain_values(body, form == "Scalar")}
        kind, inner = single(value)
        if form == "Dyn" and kind == "Int":
            return {form: {kind: int.from_bytes(inner, "big", signed=True)}}
        if form not in ("Dyn", "Scalar") or (form == "Scalar" and kind not in SCALARS):
            raise NotData(f"a constant of type {kind}")
        return {form: {kind: self.plain(inner)}}

    def plain(self, value: Any) -> Any:
        if isinstance(value, bytes):
            raise RunsCode
        if isinstance(value, Mapping):
            return {of_type(str, key): self.plain(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            if len(value) > BYTES and all(type(n) is int and 0 <= n < 256 for n in value):
                raise RunsCode
            return [self.plain(inner) for inner in value]
        return plain_number(value)
