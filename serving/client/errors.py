"""What went wrong between a client and Triton, in a sentence, and whether it may be tried again."""

from __future__ import annotations

from typing import Any

RETRYABLE = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED"})
"""Codes of what did not reach the model; all other failures would only be repeated."""
_DEAD = "is not healthy"
"""Said of a model whose process has ended: it is being started again, and another one may answer meanwhile."""
_UNKNOWN = ("unknown model", "is not ready", "no available versions")


def may_be_tried_again(error: Any, known: bool = False) -> bool:
    """Whether the same request can succeed a moment later.

    Args:
        error: a `grpc.RpcError`.
        known: whether the server has had this recommender before: one that it does not know now is being loaded again.
    """
    text = _text(error)
    if _DEAD in text or (known and any(sign in text for sign in _UNKNOWN)):
        return True
    return error.code().name in RETRYABLE and "larger than max" not in text


def explained(error: Any, url: str, name: str, timeout: float, attempts: int) -> str:
    """The sentence for a `grpc.RpcError`.

    Args:
        error: of the last attempt.
        url: the server.
        name: the recommender.
        timeout: seconds that the call had.
        attempts: how often it was tried.
    """
    code, text = error.code().name, _text(error)
    tried = f" ({attempts} attempts)" if attempts > 1 else ""
    if any(sign in text for sign in _UNKNOWN):
        return (
            f"Triton at {url} serves no recommender {name!r}{tried}; deploy it first, or wait where it is being loaded "
            f"again; where it cannot be, the server's log says why, and a rollback goes to the release before."
        )
    if "queue size" in text or code == "RESOURCE_EXHAUSTED":
        return f"Triton at {url} is asked for {name!r} more than it can answer{tried}: {error.details()}; ask later."
    if code == "UNAVAILABLE":
        return (
            f"No Triton server answers at {url} for {name!r}{tried}; start it, or correct the address (gRPC, not HTTP)."
        )
    if code == "DEADLINE_EXCEEDED":
        return f"Triton at {url} did not answer for {name!r} within {timeout:g} s{tried}; wait longer or try again."
    if _DEAD in text:
        return f"The process of {name!r} at {url} has ended{tried} and is being started again; try again."
    return f"Triton at {url} refused the request to {name!r}: {error.details()}"


def _text(error: Any) -> str:
    return str(error.details()).lower()
