from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from serving.ensemble.ensemble import Ensemble
from serving.operators.base import STAGES
from serving.operators.ordering.softmax_sampling import SoftmaxSampling
from serving.release.release import Release
from serving.request.columns import Columns
from tests.serving.toys import toy_ensemble, toy_release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return toy_release(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def ensemble(release: Release) -> Ensemble:
    return Ensemble.of(release)


def lists(columns: Columns, name: str) -> list[list[object]]:
    column = columns[name]
    assert isinstance(column, Ragged)
    return [column[row].tolist() for row in range(len(column))]


def test_a_batch_gives_what_single_requests_give(ensemble: Ensemble) -> None:
    users = np.array([100, 5, 103, 108, 101, 7], np.int64)
    k = np.array([3, 4, 10, 1, 1000, 2], np.int32)
    batch = ensemble.transform({"user_id": users, "k": k})
    for row in range(len(users)):
        single = ensemble.transform({"user_id": users[row : row + 1], "k": k[row : row + 1]})
        for name in ("item_id", "score", "source"):
            assert lists(single, name)[0] == lists(batch, name)[row]


def test_seen_and_unavailable_items_never_come_back(ensemble: Ensemble, release: Release) -> None:
    past = json.loads((release.path / "toy_users" / "histories.json").read_text())
    answer = lists(ensemble.transform({"user_id": np.arange(100, 109), "k": np.full(9, 1000, np.int32)}), "item_id")
    for row, items in enumerate(answer):
        assert items and not {code * 10 for code, _ in past[row]} & set(items)
        assert 50 not in items and len(set(items)) == len(items)


def test_an_unknown_user_gets_the_popular_items_beside_healthy_ones(ensemble: Ensemble) -> None:
    answer = ensemble.transform({"user_id": np.array([100, -1]), "k": np.array([5, 5], np.int32)})
    known, unknown = lists(answer, "source")
    assert all(bits == 130 for bits in unknown) and not any(bits & 128 for bits in known)  # type: ignore[operator]
    scores = lists(answer, "score")[1]
    assert scores == sorted(scores, reverse=True) and len(scores) == 5


def test_every_stage_is_timed(ensemble: Ensemble) -> None:
    answer = ensemble.run({"user_id": np.array([100])})
    assert tuple(answer.stage_ms) == STAGES
    assert all(ms > 0 for ms in answer.stage_ms.values())


def test_every_step_can_be_looked_at(ensemble: Ensemble) -> None:
    answer = ensemble.run({"user_id": np.array([100, 101])})
    assert len(answer.steps) == len(ensemble.operators)
    given = {step.name: columns for step, columns in zip(ensemble.operators, answer.steps, strict=True)}
    assert given["DecodeItems"]["item_id"] is answer.columns["item_id"]
    assert set(given["FilterCandidates"]) >= {"candidate_item", "removed_item", "removed_reason"}


def test_optional_columns_have_defaults_and_limits(ensemble: Ensemble) -> None:
    assert len(lists(ensemble.transform({"user_id": np.array([100])}), "item_id")[0]) == 10
    with pytest.raises(ValueError, match=r"'k'.*between 1 and 1000"):
        ensemble.transform({"user_id": np.array([100]), "k": np.array([0], np.int32)})


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ensemble.json"
    toy_ensemble().save(path)
    loaded = Ensemble.load(path)
    assert loaded.node.to_dict() == toy_ensemble().node.to_dict()
    assert loaded.outputs == toy_ensemble().outputs


@pytest.mark.parametrize("text", ["", "{}", '{"format": 99}', '{"format": 1, "graph": {"nodes": []}}'])
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "ensemble.json").write_text(text)
    with pytest.raises(ValueError, match=r"ensemble.json holds no ensemble"):
        Ensemble.load(tmp_path / "ensemble.json")


def test_an_unbound_ensemble_says_so() -> None:
    with pytest.raises(RuntimeError, match="bind it to a release"):
        toy_ensemble().transform({"user_id": np.array([1])})


def test_binding_leaves_the_description_alone(release: Release) -> None:
    description = toy_ensemble()
    description.bind(release)
    with pytest.raises(RuntimeError, match="bind"):
        description.transform({"user_id": np.array([1])})


def candidate_inputs(**changed: ColumnSchema) -> Schema:
    columns = {
        "candidate_item": ColumnSchema("candidate_item", "int32", is_list=True),
        "candidate_score": ColumnSchema("candidate_score", "float32", is_list=True),
        "candidate_source": ColumnSchema("candidate_source", "uint8", is_list=True),
        "k": ColumnSchema("k", "int32", domain=Domain(1, 1000)),
    }
    return Schema([*(columns | changed).values()])


def test_wrong_types_are_found_when_the_ensemble_is_built() -> None:
    names = candidate_inputs().names
    Ensemble(names >> SoftmaxSampling(), candidate_inputs())
    with pytest.raises(ValueError, match=r"SoftmaxSampling needs the scalar column 'k' of int32.*connected to"):
        Ensemble(names[:3] >> SoftmaxSampling(), candidate_inputs())
    scalar = candidate_inputs(candidate_score=ColumnSchema("candidate_score", "float32"))
    with pytest.raises(TypeError, match=r"needs the list column 'candidate_score'.*the request gives the scalar"):
        Ensemble(names >> SoftmaxSampling(), scalar)
    text = candidate_inputs(candidate_item=ColumnSchema("candidate_item", "string", is_list=True))
    with pytest.raises(TypeError, match=r"'candidate_item' of int32, but the request gives .* of string"):
        Ensemble(names >> SoftmaxSampling(), text)


def test_a_missing_column_names_the_operator_that_would_give_it() -> None:
    best = candidate_inputs().names >> SoftmaxSampling()
    with pytest.raises(ValueError, match="connect SoftmaxSampling, which gives it"):
        from serving.operators.ordering.decode_items import DecodeItems

        Ensemble(best["score"] >> DecodeItems(), candidate_inputs())


@pytest.mark.parametrize("domain", [None, Domain(1), Domain(0, 10), Domain(max=10)])
def test_lists_must_not_be_of_any_length(domain: Domain | None) -> None:
    inputs = candidate_inputs(k=ColumnSchema("k", "int32", domain=domain))
    with pytest.raises(ValueError, match=r"'k' has the domain .* give it one from 1 to the most items"):
        Ensemble(inputs.names >> SoftmaxSampling(), inputs)


def test_strings_work_for_users_and_items(tmp_path: Path) -> None:
    ensemble = Ensemble.of(toy_release(tmp_path, dtype="string"))
    answer = ensemble.transform({"user_id": np.array([b"u100", "ü".encode()]), "k": np.array([3, 2], np.int32)})
    items = lists(answer, "item_id")
    assert [len(row) for row in items] == [3, 2]
    assert all(item.decode().startswith("ü") for row in items for item in row)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="must be UTF-8"):
        ensemble.transform({"user_id": np.array([b"\xff\xfe"])})
