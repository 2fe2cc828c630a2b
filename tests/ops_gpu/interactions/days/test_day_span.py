from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.interactions.days.day_span import BASE, LONGEST, DaySpan, spans_before


@given(st.integers(0, 60_000), st.integers(0, 60_000))
def test_spans_cover_all_days_before_an_end_once(end: int, first: int) -> None:
    spans = spans_before(end, first)
    if end <= first:
        assert spans == []
        return
    assert spans[-1].end == end and spans[0].first <= first
    assert all(one.end == two.first for one, two in pairwise(spans))
    assert all(span.first % span.days == 0 for span in spans)
    for days in {span.days for span in spans} - {LONGEST}:
        assert sum(span.days == days for span in spans) < BASE


@given(st.integers(1, 60_000))
def test_what_is_new_every_day_is_little(end: int) -> None:
    """All spans of one end are among those of the next, or make up one that is."""
    before, after = spans_before(end, 0), spans_before(end + 1, 0)
    grown = [span for span in after if span not in before]
    assert len(grown) == 1
    assert grown[0].end == end + 1


def test_a_span_is_its_parts() -> None:
    span = DaySpan(64, 64)
    assert [part.days for part in span.parts()] == [8] * 8
    assert (span.parts()[0].first, span.parts()[-1].end) == (64, 128)
    assert DaySpan(5, 1).parts() == []
    assert 64 in span and 127 in span and 128 not in span
