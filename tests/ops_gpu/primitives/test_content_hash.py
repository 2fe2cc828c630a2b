from __future__ import annotations

from pathlib import Path

import polars as pl

from ops_gpu.primitives.content_hash import hash_frame, hash_frames, hash_json


def test_hashes_are_of_content_alone(tmp_path: Path) -> None:
    frame = pl.DataFrame({"s": ["a", None, "ü"], "x": [0.5, None, 1], "b": [True, None, False]})
    frame.write_parquet(tmp_path / "f.parquet", compression="lz4")
    assert hash_frame(pl.read_parquet(tmp_path / "f.parquet")) == hash_frame(frame)
    assert hash_frame(pl.concat([frame[:1], frame[1:]], rechunk=False)) == hash_frame(frame)
    assert hash_frames({"a": frame, "b": frame}) == hash_frames({"b": frame, "a": frame})
    assert hash_json({"a": 1, "b": 2}) == hash_json({"b": 2, "a": 1})


def test_every_difference_counts() -> None:
    frames = [
        pl.DataFrame({"a": ["x", "yz"]}),
        pl.DataFrame({"a": ["xy", "z"]}),
        pl.DataFrame({"b": ["x", "yz"]}),
        pl.DataFrame({"a": ["x", None]}),
        pl.DataFrame({"a": ["x", ""]}),
        pl.DataFrame({"a": [1, 2]}),
        pl.DataFrame({"a": [2, 1]}),
        pl.DataFrame({"a": [1.0, 2.0]}),
        pl.DataFrame({"a": [None, None]}),
        pl.DataFrame({"a": [None]}),
    ]
    assert len({hash_frame(frame) for frame in frames}) == len(frames)
