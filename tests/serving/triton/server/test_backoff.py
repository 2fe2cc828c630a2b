from __future__ import annotations

from serving.triton.server.backoff import FIRST, LONGEST, Backoff


def test_what_fails_again_waits_twice_as_long_up_to_a_limit() -> None:
    now = [0.0]
    postponed = Backoff(clock=lambda: now[0])
    assert postponed.now() == set()
    assert postponed.add("a") == FIRST and postponed.now() == {"a"}
    now[0] += FIRST
    assert postponed.now() == set()
    assert postponed.add("a") == 2 * FIRST and postponed.add("b") == FIRST
    now[0] += FIRST
    assert postponed.now() == {"a"}
    assert [postponed.add("a") for _ in range(10)][-1] == LONGEST
