from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from serving.triton.control.control import ModelStatus
from serving.triton.control.triton_error import TritonError
from serving.triton.repository.live_release import LiveRelease
from serving.triton.repository.model_config import ModelTensors
from serving.triton.repository.model_directory import write_pointer, write_router
from serving.triton.repository.names import beneath, changing, live_behind, names_of
from serving.triton.repository.restore import bring_back, restore_beside, restore_models

BEFORE = "b" * 64


class Control:
    """A server that holds what it is told to load."""

    def __init__(self, *broken: str) -> None:
        self.loaded: list[str] = []
        self._broken = broken

    def load(self, model: str) -> None:
        if model in self._broken:
            raise TritonError(f"{model} is broken")
        self.loaded.append(model)

    def parameters(self, model: str) -> Mapping[str, str] | None:
        return {"release": "a" * 64, "previous": BEFORE} if model in self.loaded else None


def repository(root: Path, *models: str) -> Path:
    for model in models:
        (root / model).mkdir(parents=True)
        (root / model / "config.pbtxt").touch()
    return root


def test_names_are_what_applications_call(tmp_path: Path) -> None:
    models = repository(tmp_path / "models", "one", "one.aaaaaaaaaaaa", "two", ".aside-x")
    outside = repository(tmp_path / "outside", "three")
    (models / "three").symlink_to(outside / "three")
    (models / "empty").mkdir()
    assert names_of(models) == ["one", "two"]


def test_each_name_is_loaded_on_its_own(tmp_path: Path) -> None:
    models, control = repository(tmp_path, "one", "two", "three"), Control("two")
    assert restore_models(models, control) == {"two": "two is broken"}
    assert control.loaded == ["one", "three"]
    assert restore_models(models, control, skip={"two"}) == {}
    assert control.loaded == ["one", "three"], "what is loaded is left alone"


def test_what_somebody_deploys_is_left_to_him(tmp_path: Path) -> None:
    models, control = repository(tmp_path, "one", "two"), Control()
    with changing(models, "one"):
        assert restore_models(models, control, wait=False) == {}
        assert restore_beside(models, control) == {}
    assert control.loaded == ["two"]


def test_the_release_before_is_loaded_where_it_is_there(tmp_path: Path) -> None:
    models, control = repository(tmp_path, "one", "two", f"two.{BEFORE[:12]}"), Control()
    assert restore_beside(models, control) == {}, "nothing is live"
    restore_models(models, control)
    assert restore_beside(models, control, skip={f"two.{BEFORE[:12]}"}) == {}
    assert restore_beside(models, control) == restore_beside(models, control) == {}
    assert control.loaded == ["one", "two", f"two.{BEFORE[:12]}"]


class Telling(Control):
    """A server that says why it could not load a model, and counts how often it is asked for all."""

    def __init__(self, *broken: str) -> None:
        super().__init__(*broken)
        self.asked, self.reasons = 0, dict[str, str]()

    def models(self) -> list[ModelStatus]:
        self.asked += 1
        names = {"one", "two", *self.loaded, *self.reasons}
        return [ModelStatus(name, name in self.loaded, self.reasons.get(name, "unloaded")) for name in names]


def test_what_does_not_answer_is_brought_back_and_the_rest_costs_one_question(tmp_path: Path) -> None:
    models, control = repository(tmp_path, "one", "two"), Telling()
    control.load("two")
    assert bring_back(models, control) == {}
    assert control.loaded == ["two", "one"]
    control.asked = 0
    assert bring_back(models, control) == {} and control.asked == 1
    assert control.loaded == ["two", "one"]
    assert bring_back(tmp_path / "empty", control) == {}


def test_who_comes_second_waits_for_who_loads(tmp_path: Path) -> None:
    """The server runs for both of them, but only the name answers requests."""
    models, control = repository(tmp_path, "one"), Telling()
    found: list[dict[str, str]] = []
    second = threading.Thread(target=lambda: found.append(bring_back(models, control)))
    with changing(models, "one"):
        second.start()
        second.join(0.3)
        assert second.is_alive(), "it would ask a name that does not answer yet"
        control.load("one")
    second.join(10)
    assert found == [{}] and control.loaded == ["one"]


def test_what_failed_is_told_and_not_tried_again(tmp_path: Path) -> None:
    """Nobody waits for a damaged release: the reason is that of the model in which it lies."""
    models, control = rolling(tmp_path), Telling("one")
    live = f"one.{'a' * 12}"
    assert beneath(models, "one")[::2] == ["one", live], "with the router between them"
    assert bring_back(models, control) == {"one": "one is broken"}
    control.loaded, control.reasons = [], {live: "total.npy is damaged", "one": f"depends on {live}"}
    assert bring_back(models, control) == {"one": "total.npy is damaged"}
    assert control.loaded == []


class Rolling(Control):
    """A server of a recommender behind whose router a challenger is being tried."""

    def parameters(self, model: str) -> Mapping[str, str] | None:
        hashes = {"release": "a" * 64, "candidate": "c" * 64, "previous": BEFORE}
        return hashes if model in self.loaded else None


def rolling(root: Path) -> Path:
    """A repository as a rollout leaves it: the name points at a router, which asks two releases."""
    live, challenger = (f"one.{letter * 12}" for letter in "ac")
    models = repository(root, "one", live, challenger, f"one.{BEFORE[:12]}", "one.router-1")
    tensors = ModelTensors({"user_id": "data_type: TYPE_INT64 dims: [ 1 ]"}, {})
    told = {"live_model": live, "candidate_model": challenger}
    router = write_router(models, "one", tensors, 8, told)
    write_pointer(models, "one", router, tensors, 8, LiveRelease("one", "a" * 64, BEFORE, "c" * 64, 0.5).parameters())
    return models


def test_the_live_release_behind_a_router_is_loaded_before_the_name(tmp_path: Path) -> None:
    models, control = rolling(tmp_path), Rolling()
    assert live_behind(models, "one") == [f"one.{'a' * 12}"]
    assert restore_models(models, control) == {}
    assert control.loaded == [f"one.{'a' * 12}", "one"], "a router without the live release answers nobody"
    assert restore_beside(models, control) == {}
    assert control.loaded[2:] == [f"one.{BEFORE[:12]}", f"one.{'c' * 12}"]


def test_a_candidate_that_cannot_be_loaded_keeps_nothing_else_from_it(tmp_path: Path) -> None:
    models, challenger = rolling(tmp_path), f"one.{'c' * 12}"
    control = Rolling(challenger)
    assert restore_models(models, control) == {}
    assert restore_beside(models, control) == {challenger: f"{challenger} is broken"}
    assert control.loaded[2:] == [f"one.{BEFORE[:12]}"]
