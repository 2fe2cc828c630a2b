from __future__ import annotations

import pytest

from serving.triton.repository.layout_settings import LayoutSettings

STEPS = ["request", "00-QueryFeast", "01-PredictTensorflow", "02-PredictTensorflow", "answer"]


def test_a_step_has_processes_of_its_own_or_of_its_operator_or_as_many_as_all() -> None:
    form = LayoutSettings("ensemble", step_instances={"PredictTensorflow": 3, "02-PredictTensorflow": 4, "answer": 2})
    form.check_steps(STEPS)
    assert [form.instances(step, 1) for step in STEPS] == [1, 1, 3, 4, 2]
    assert LayoutSettings().instances("request", 5) == 5


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match="form must be one of fused, ensemble, got 'both'"):
        LayoutSettings("both")
    with pytest.raises(ValueError, match="group_by must be one of operator, stage, got 'both'"):
        LayoutSettings("ensemble", "both")
    with pytest.raises(ValueError, match=r"1 or more each, got \{'QueryFaiss': 0\}"):
        LayoutSettings("ensemble", step_instances={"QueryFaiss": 0, "answer": 1})
    with pytest.raises(ValueError, match="step_instances names 'QueryFais'; the steps are request, 00-QueryFeast, "):
        LayoutSettings("ensemble", step_instances={"QueryFais": 2}).check_steps(STEPS)
