from __future__ import annotations

import pytest

from ops_gpu.models.training.progress import epoch_lines


def why() -> str:
    return "the column 'price' is not finite"


def test_a_line_an_epoch() -> None:
    lines = list[str]()
    (callback,) = epoch_lines(lines.append, 3, "the ranker", why)
    callback.on_epoch_end(0, {"loss": 0.51239})
    callback.on_epoch_end(2, {"loss": 12.0})
    assert lines == ["epoch 1/3: loss 0.5124", "epoch 3/3: loss 12.0000"]


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_it(loss: float) -> None:
    (callback,) = epoch_lines(None, 3, "the ranker", why)
    callback.on_epoch_end(0, {"loss": 1.0})
    with pytest.raises(ValueError, match=r"the loss of the ranker is (nan|inf) in epoch 2 of 3; the column 'price' is"):
        callback.on_epoch_end(1, {"loss": loss})
