from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ops_gpu.primitives.ragged import Ragged
from serving.triton.python_backend.micro_batch import joined, jointly, rows
from serving.triton.tensors.column_pack import ColumnPack

TIMES = np.zeros((1, 1), np.float32)


def pack(*users: bytes, inner: int = 2) -> ColumnPack:
    lists = Ragged.from_lists([[len(user)] * len(user) for user in users], np.int32)
    vectors = np.ones((len(users), inner), np.float32)
    return ColumnPack({(0, "user"): np.array(users), (0, "list"): lists, (1, "vector"): vectors}, TIMES)


def test_joined_and_taken_apart_again() -> None:
    packs = [pack(b"a", b"four"), pack(b""), pack(b"longest", b"b", b"c")]
    whole = joined(packs)
    start = 0
    for one in packs:
        for place, column in one.columns.items():
            part = rows(whole[place], start, start + len(one))
            assert len(part) == len(column) == len(one)
            for row in range(len(one)):
                np.testing.assert_array_equal(part[row], column[row])
        start += len(one)
    assert joined(packs[:1]) == packs[0].columns


class Passes:
    """Counts users and notes how packs were put together; cannot bear a user named poison."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []

    def __call__(self, packs: Sequence[ColumnPack]) -> list[int]:
        self.seen.append([len(one) for one in packs])
        if any(b"poison" in one.columns[0, "user"] for one in packs):  # type: ignore[operator]
            raise ValueError("poison")
        return [len(one) for one in packs]


def test_no_pass_has_more_users_than_are_allowed_and_answers_keep_their_order() -> None:
    answer = Passes()
    packs = [pack(b"a"), pack(b"b", b"c"), pack(b"d"), pack(*[b"x"] * 9), pack(b"e"), pack(b"f")]
    assert jointly(packs, 4, answer) == [1, 2, 1, 9, 1, 1]
    assert answer.seen == [[1, 2, 1], [9], [1, 1]]


def test_rows_of_another_shape_get_a_pass_of_their_own() -> None:
    answer = Passes()
    assert jointly([pack(b"a"), pack(b"b", inner=3), pack(b"c", inner=3)], 10, answer) == [1, 1, 1]
    assert answer.seen == [[1], [1, 1]]


def test_a_bad_one_harms_only_itself() -> None:
    answer, unread = Passes(), ValueError("unreadable")
    first, poisoned, error, last = jointly([pack(b"a"), pack(b"b", b"poison"), unread, pack(b"c")], 10, answer)
    assert (first, last) == (1, 1) and error is unread and str(poisoned) == "poison"
    assert jointly([], 10, answer) == []
