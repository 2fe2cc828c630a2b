from __future__ import annotations

from serving.triton.repository.live_release import LiveRelease


def test_names_on_the_wire() -> None:
    """A home of a version before, and programs that read what commands print, know the challenger as `candidate`."""
    live = LiveRelease("shop", "a" * 64, "b" * 64, "c" * 64, 0.1, 0.5)
    assert live.parameters()["candidate"] == live.to_dict()["candidate"] == live.challenger
    assert "challenger" not in {*live.parameters(), *live.to_dict()}
    assert LiveRelease.of("shop", live.parameters()) == live
