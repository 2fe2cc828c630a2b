from __future__ import annotations

import threading

import pytest

from feature_repo.write_behind import writing_behind


def test_parts_are_written_in_order_while_the_next_is_made() -> None:
    written, going_on = list[int](), threading.Event()

    def write(part: int) -> None:
        if part == 0:
            assert going_on.wait(10), "the first part is not waited for"
        written.append(part)

    with writing_behind(write) as then:
        then(0)
        going_on.set()
        for part in range(1, 5):
            then(part)
            assert len(written) >= part, "at most one waits to be written"
    assert written == list(range(5))


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_what_fails_is_raised_and_nothing_is_written_after_it(broken: int) -> None:
    written = list[int]()

    def write(part: int) -> None:
        if part == broken:
            raise OSError("disk full")
        written.append(part)

    with pytest.raises(OSError, match="disk full"), writing_behind(write) as then:
        for part in range(3):
            then(part)
    assert written == list(range(broken))


def test_whoever_fails_to_make_a_part_has_the_last_one_written() -> None:
    written = list[int]()
    with pytest.raises(ValueError, match="no part"), writing_behind(written.append) as then:
        then(0)
        raise ValueError("no part")
    assert written == [0]
