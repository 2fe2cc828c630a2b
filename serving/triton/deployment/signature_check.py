"""Do two models take and give the same?"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from tritonclient.grpc import model_config_pb2

from serving.triton.deployment.signature_error import SignatureError

Column = tuple[str, str, int, tuple[int, ...]]
"""Kind (`input` or `output`), name, type and shape, as `TritonControl.tensors` gives them."""


def check_columns(challenger: AbstractSet[Column], live: AbstractSet[Column]) -> None:
    """Makes sure that a router can pass what callers send to either of two models, and give what the live one gives.

    What the challenger gives beyond that is left out.

    Args:
        challenger: columns of the one.
        live: columns of the other.

    Raises:
        SignatureError: when they differ; names each column.
    """
    differences = [
        f"{what} {', '.join(map(_said, sorted(columns)))}"
        for what, columns in (
            ("it alone has", {column for column in challenger - live if column[0] == "input" or _named(column, live)}),
            ("it lacks", live - challenger),
        )
        if columns
    ]
    if differences:
        raise SignatureError(
            f"it takes or gives other columns than what is live: {'; '.join(differences)}. Only a release of the same "
            "columns can be tried beside it; this one can be deployed in its place."
        )


def _named(column: Column, others: AbstractSet[Column]) -> bool:
    """Whether the others have an output of this name, of another type or shape."""
    return any(other[:2] == column[:2] for other in others)


def _said(column: Column) -> str:
    kind, name, datatype, shape = column
    return f"{kind} {name!r} ({model_config_pb2.DataType.Name(datatype).removeprefix('TYPE_')} {list(shape)})"
