"""The softmax over the items of a batch."""

from __future__ import annotations

from typing import Any

from keras import ops


def without_accidental_hits(logits: Any, candidates: Any) -> Any:
    """Logits `[batch, batch]` that leave no probability to other rows that hold the same item as the positive.

    `RemoveAccidentalHits` of keras-rs 0.4 adds a tiny positive number instead of a large negative one, and so removes
    nothing (keras-team/keras-rs, pull request 206).

    Args:
        logits: of every query against every item of the batch; the positives are on the diagonal.
        candidates: item codes `[batch]`.
    """
    same = ops.equal(ops.expand_dims(candidates, 1), ops.expand_dims(candidates, 0))
    other = ops.logical_not(ops.eye(ops.shape(logits)[0], dtype="bool"))
    return ops.where(ops.logical_and(same, other), -1e9, logits)
