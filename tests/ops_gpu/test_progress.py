from __future__ import annotations

from ops_gpu.progress import epoch_lines


def test_a_line_an_epoch() -> None:
    lines = list[str]()
    (callback,) = epoch_lines(lines.append, 3)
    callback.on_epoch_end(0, {"loss": 0.51239})
    callback.on_epoch_end(2, {"loss": 12.0})
    assert lines == ["epoch 1/3: loss 0.5124", "epoch 3/3: loss 12.0000"]


def test_nobody_to_tell() -> None:
    assert epoch_lines(None, 3) == []
