from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from recsys_assets.metadata import pictures


@pytest.mark.parametrize(
    "picture",
    [
        pictures.line_chart({"loss": [3.0, 2.0], "other": [1.0, 1.5]}, "epoch", "loss", 1),
        pictures.line_chart({"loss": []}, "epoch", "loss"),
        pictures.day_chart({"2024-01-01": 3, "2024-01-02": 0}, "events"),
        pictures.day_chart({f"2024-01-0{day}": day for day in range(1, 5)}, "events"),
        pictures.day_chart({}, "events"),
        pictures.hour_chart({"a": range(24), "b": [1] * 24, "c": [0] * 24}, "lists"),
        pictures.hour_chart({}, "lists"),
        pictures.bar_chart({"mine": 0.2, "other": 0.1}, "recall", "mine"),
        pictures.histogram(np.random.default_rng(0).exponential(size=5000), "events", log=True),
        pictures.histogram(np.array([]), "events", log=True),
    ],
)
def test_a_small_png_in_markdown(picture: object) -> None:
    text = str(getattr(picture, "value"))  # noqa: B009
    found = re.fullmatch(r"!\[[^\]]+\]\(data:image/png;base64,([^)]+)\)", text)
    assert found
    assert base64.b64decode(found[1]).startswith(b"\x89PNG")
    assert len(text) < 100_000
