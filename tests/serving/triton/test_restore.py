from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from serving.triton.names import changing, names_of
from serving.triton.restore import restore_beside, restore_models
from serving.triton.triton_error import TritonError

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
