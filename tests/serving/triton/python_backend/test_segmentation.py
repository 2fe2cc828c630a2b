from __future__ import annotations

import json

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.ensemble.ensemble import Ensemble
from serving.ensemble.ensemble_plan import EnsemblePlan
from serving.operators.base import STAGES
from serving.operators.features.encode_history import OUTPUTS as ENCODED
from serving.operators.features.unroll_features import UnrollFeatures
from serving.triton.python_backend.segment import Segment
from serving.triton.python_backend.segmentation import segments_of
from serving.triton.repository.layout_settings import GROUPINGS
from tests.serving.toys import ToyRanker, toy_ensemble

PLAN = EnsemblePlan.of(toy_ensemble().node)


def check(segments: tuple[Segment, ...], plan: EnsemblePlan) -> None:
    """Every operator is there once, and everything that it needs was given before, by those it names."""
    assert sorted(number for segment in segments for number, _ in segment.steps) == list(range(len(plan.steps)))
    given: dict[str, set[tuple[int, str]]] = {"request": set()}
    for row, segment in enumerate(segments):
        assert segment.row == row and set(segment.givers) <= set(given), "a segment waits for a later one"
        reachable = set().union(*(given[giver] for giver in segment.givers))
        own = {number for number, _ in segment.steps}
        for _, step in segment.steps:
            for _, place in step.columns:
                assert place[0] in own or place in reachable or (place[0] == -1 and "request" in segment.givers)
        given[segment.name] = set(segment.outputs)
    assert {place for _, place in plan.outputs} <= set().union(*given.values())


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_segments_cover_the_plan_in_an_order_that_works(group_by: str) -> None:
    check(segments_of(PLAN, group_by), PLAN)


def test_an_operator_each_or_a_stage_each() -> None:
    assert [s.name for s in segments_of(PLAN)][:3] == ["00-ToyUsers", "01-EncodeHistory", "02-QueryPopular"]
    assert [s.name for s in segments_of(PLAN, "stage")] == list(STAGES)


def test_what_nobody_takes_does_not_travel() -> None:
    features = segments_of(PLAN, "stage")[0]
    assert {name for _, name in features.outputs} == {"user_code", *ENCODED}, "no raw history"


def test_stages_never_wait_for_each_other_in_a_circle() -> None:
    """Features of candidates, made after a first scoring, would send the first stage back to the fourth."""
    request = Schema([ColumnSchema("candidate_item", "int32", is_list=True), ColumnSchema("user_code", "int32")])
    score = ["candidate_item", "user_code"] >> ToyRanker()
    late = (score["candidate_score"] + ["user_code"]) >> UnrollFeatures(over="candidate_score", prefix="again_")
    object.__setattr__(late.operator, "stage", "features")
    plan = EnsemblePlan.of(Ensemble(late, request).node)
    (scoring,) = segments_of(plan, "stage")
    assert scoring.name == "scoring" and len(scoring.steps) == 2


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_a_segment_says_in_json_all_that_its_process_needs(group_by: str) -> None:
    for segment in segments_of(PLAN, group_by):
        data = json.loads(json.dumps(segment.to_dict()))
        back = Segment.from_dict(data)
        assert back.to_dict() == data
        assert (back.name, back.givers, back.outputs, back.row) == (
            segment.name,
            segment.givers,
            segment.outputs,
            segment.row,
        )


def test_a_segment_notes_the_time_of_its_stages() -> None:
    segment = segments_of(EnsemblePlan.of(["candidate_item", "user_code"] >> ToyRanker()))[0]
    given = {(-1, "candidate_item"): Ragged.from_lists([[1, 2]], np.int32), (-1, "user_code"): np.array([3])}
    columns, spent = segment.run(given)
    assert list(columns) == [(0, "candidate_score")]
    assert (spent > 0).tolist() == [stage == "scoring" for stage in STAGES]
