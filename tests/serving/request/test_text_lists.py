from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.request.text_lists import LIST_BYTES, pack_texts, unpack_texts

TEXTS = st.lists(st.lists(st.binary(min_size=1, max_size=9).filter(lambda text: 0 not in text), max_size=5), min_size=1)


@given(TEXTS)
def test_lists_survive_the_wire(lists: list[list[bytes]]) -> None:
    packed = pack_texts(lists, "It")
    assert packed.shape == (len(lists), LIST_BYTES)
    found = unpack_texts(packed, "event_item")
    assert found.shape == (len(lists), 256)
    assert [[text for text in row if text] for row in found.tolist()] == lists


def test_a_place_that_says_nothing_stays_a_place() -> None:
    tensor = np.array([b"a\0\0b"], f"S{LIST_BYTES}").view(np.uint8).reshape(1, LIST_BYTES)
    assert unpack_texts(tensor, "event_item")[0, :4].tolist() == [b"a", b"", b"b", b""]


def test_what_is_no_list_is_named() -> None:
    many = np.array([b"\0".join([b"x"] * 257)], f"S{LIST_BYTES}").view(np.uint8).reshape(1, LIST_BYTES)
    with pytest.raises(ValueError, match="'event_item' holds 257 values a user; send at most 256"):
        unpack_texts(many, "event_item")
    with pytest.raises(ValueError, match="'event_item' must be 4096 bytes a user, padded with zeros, got 9"):
        unpack_texts(np.zeros((1, 9), np.uint8), "event_item")
    wide = np.full((1, LIST_BYTES), ord("x"), np.uint8)
    with pytest.raises(ValueError, match="'event_item' holds a value of 4096 bytes; send at most 256 each"):
        unpack_texts(wide, "event_item")
    assert unpack_texts(np.zeros((0, LIST_BYTES), np.uint8), "event_item").shape == (0, 256)


def test_text_that_is_too_wide_takes_no_memory_before_it_is_refused() -> None:
    """One of 4,096 bytes, at every place of every user, would take a gigabyte for a thousand users."""
    many = np.full((64, LIST_BYTES), ord("x"), np.uint8)
    tracemalloc.start()
    with pytest.raises(ValueError, match="send at most 256 each"):
        unpack_texts(many, "event_item")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * many.nbytes
