from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_gpu.primitives.ragged import Ragged
from serving.operators.ordering.softmax_sampling import SoftmaxSampling, uniform
from serving.request.columns import Columns


def columns(lists: list[list[float]], k: list[int], seed: list[int] | None = None) -> Columns:
    scores = Ragged.from_lists(lists, np.float32)
    place = np.arange(len(scores.values)) - scores.offsets[scores.row_ids]
    result: Columns = {
        "candidate_item": scores.with_values((100 - place).astype(np.int32)),
        "candidate_score": scores,
        "candidate_source": scores.with_values((place % 4).astype(np.uint8)),
        "k": np.array(k, np.int32),
    }
    return result | ({} if seed is None else {"seed": np.array(seed, np.int64)})


def items(result: Columns) -> list[list[int]]:
    column = result["item"]
    assert isinstance(column, Ragged)
    return [column[row].tolist() for row in range(len(column))]


SCORES = st.lists(st.lists(st.sampled_from([0.0, -1.0, 0.5, 3.0]), max_size=8), min_size=1, max_size=4)


@given(SCORES, st.integers(1, 9))
def test_temperature_zero_is_the_exact_top_k(lists: list[list[float]], k: int) -> None:
    found = items(SoftmaxSampling().transform(columns(lists, [k] * len(lists))))
    for row, scores in enumerate(lists):
        order = sorted(range(len(scores)), key=lambda place: (-scores[place], 100 - place))
        assert found[row] == [100 - place for place in order][:k]


def test_scores_and_sources_stay_with_their_items() -> None:
    result = SoftmaxSampling().transform(columns([[0.1, 0.9, 0.5], []], [2, 2]))
    assert items(result) == [[99, 98], []]
    assert result["score"].values.tolist() == pytest.approx([0.9, 0.5])  # type: ignore[union-attr]
    assert result["source"].values.tolist() == [1, 2]  # type: ignore[union-attr]


def test_a_seeded_user_gets_the_same_list_in_any_batch() -> None:
    lists, k, seeds = [[0.1, 0.9, 0.5, 0.2], [1.0, 2.0, 3.0], [0.0] * 6], [3, 2, 6], [7, 8, 9]
    sampling = SoftmaxSampling(temperature=1.0)
    batch = items(sampling.transform(columns(lists, k, seeds)))
    for row in range(3):
        assert items(sampling.transform(columns([lists[row]], [k[row]], [seeds[row]]))) == [batch[row]]


def test_first_places_follow_the_softmax() -> None:
    scores, rows = [0.0, 1.0, 2.0], 20_000
    sampling = SoftmaxSampling(temperature=0.5)
    found = items(sampling.transform(columns([scores] * rows, [1] * rows, list(range(rows)))))
    share = np.bincount([100 - row[0] for row in found], minlength=3) / rows
    expected = np.exp(np.array(scores) / 0.5)
    assert share == pytest.approx(expected / expected.sum(), abs=0.01)


def test_unseeded_requests_differ() -> None:
    sampling = SoftmaxSampling(temperature=1.0)
    found = items(sampling.transform(columns([[0.0] * 20] * 2, [20, 20], [-1, -1])))
    assert found[0] != found[1]


def test_noise_is_uniform() -> None:
    values = uniform(np.zeros(10_000, np.int64), np.arange(10_000, dtype=np.int32))
    assert values.min() > 0 and values.max() < 1
    assert np.histogram(values, 10, (0, 1))[0] == pytest.approx(1000, abs=150)


def test_a_negative_temperature_is_refused() -> None:
    with pytest.raises(ValueError, match="temperature must be 0 or above"):
        SoftmaxSampling(temperature=-1.0)


def propensities(sampling: SoftmaxSampling, taken: Columns) -> list[list[float]]:
    given = sampling.transform(taken)
    column = given["item"]
    assert isinstance(column, Ragged)
    drawn = column.with_values(sampling.propensity(taken, given))
    return [drawn[row].tolist() for row in range(len(drawn))]


def test_propensities_are_those_of_drawing_without_replacement() -> None:
    scores, sampling = [0.2, 1.4, -0.5, 0.9], SoftmaxSampling(temperature=0.7)
    taken = columns([scores, [], [3.0]], [3, 3, 3], [5, 6, 7])
    listed = items(sampling.transform(taken))[0]
    weights = {100 - place: np.exp(score / 0.7) for place, score in enumerate(scores)}
    expected = []
    for item in listed:
        expected.append(weights[item] / sum(weights.values()))
        del weights[item]
    assert propensities(sampling, taken) == [pytest.approx(expected, rel=1e-5), [], [1.0]]


def test_lists_come_as_often_as_their_propensities_say() -> None:
    scores, rows, sampling = [0.0, 1.0, 0.5], 20_000, SoftmaxSampling(temperature=0.8)
    taken = columns([scores] * rows, [2] * rows, list(range(rows)))
    lists = [tuple(row) for row in items(sampling.transform(taken))]
    said = dict(zip(lists, map(np.prod, propensities(sampling, taken)), strict=True))
    assert sum(said.values()) == pytest.approx(1.0, abs=1e-5)  # all six lists came
    for found, share in said.items():
        assert lists.count(found) / rows == pytest.approx(share, abs=0.015)


def test_a_peaked_softmax_keeps_its_small_probabilities() -> None:
    sampling = SoftmaxSampling(temperature=0.01)
    found = propensities(sampling, columns([[5.0, 1.0, 0.995]], [3], [1]))[0]
    assert found == pytest.approx([1.0, 1 / (1 + np.exp(-0.5)), 1.0], rel=1e-4)


def test_nothing_is_drawn_at_temperature_zero() -> None:
    assert propensities(SoftmaxSampling(), columns([[1.0, 2.0], []], [2, 2])) == [[1.0, 1.0], []]
