from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from recsys_assets.cli import app
from resources.triton import TritonResource
from serving.ensemble.ensemble import Ensemble
from serving.release.release import Release
from serving.request.model_names import model_name
from serving.stores.feature_store_error import FeatureStoreError
from serving.triton.control.http_control import HttpControl
from serving.triton.control.model_status import ModelStatus
from serving.triton.control.process import processes_of
from serving.triton.control.server_state import ServerState
from serving.triton.deployment import deployment, diagnosis, smoke_test
from serving.triton.deployment.deployment import DeploymentError, restore
from serving.triton.repository.layout_settings import LayoutSettings
from serving.triton.repository.live_release import LiveRelease
from serving.triton.server.backends import PROGRAMS
from serving.triton.server.server import TritonServer
from tests.serving.toys import toy_release
from tests.serving.whole_release import whole_release


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    return tmp_path


def test_looking_starts_nothing(home: Path) -> None:
    triton = TritonResource()
    assert triton.status() is None and triton.live("demo") is None and triton.stop() is False
    with pytest.raises(LookupError, match="no earlier release"):
        triton.rollback("demo")
    assert not (home / "triton").exists()


def test_where_no_server_tells_why_the_files_do(home: Path) -> None:
    release = toy_release(home)
    triton, live = TritonResource(), LiveRelease("toy", release.hash)
    assert triton.why_silent(live) == "" and not triton.is_loaded("toy", release.hash)
    file = release.path / "snapshot" / "total.npy"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])
    assert "total.npy is damaged" in triton.why_silent(live)
    assert "no manifest.json" in triton.why_silent(LiveRelease("toy", "ab" * 32))


def test_a_server_that_tries_again_and_says_nothing_is_no_secret(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TritonResource, "_present", lambda self: self._target("127.0.0.1:1"))
    monkeypatch.setattr(HttpControl, "models", lambda self: [ModelStatus("toy", False, "")])
    said: list[str] = [""]
    monkeypatch.setattr(diagnosis, "failure", lambda repository, name, known: said[0])
    live = LiveRelease("toy", "ab" * 32)
    assert "no manifest.json" in TritonResource().why_silent(live)
    said[0] = "no memory"
    assert TritonResource().why_silent(live) == "no memory"


def test_a_server_of_ones_own_needs_a_repository_and_is_left_alone() -> None:
    with pytest.raises(ValueError, match=r"triton\.shop:8001 needs `repository`"):
        TritonResource(address="triton.shop:8001").target()
    own = TritonResource(address="triton.shop:8001", repository="/models", releases="/releases")
    assert own.target().grpc_url == "triton.shop:8001" and own.status() is None
    with pytest.raises(ValueError, match="not ours to start or stop"):
        own.stop()


def check_without_feature_store(
    home: Path, triton: TritonResource, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers go on, marked; nothing goes live that nobody could judge; batches fail; and all is well later."""
    scoring, tolerant = Ensemble.of(release), Ensemble.of(release, tolerant=True)
    monkeypatch.setattr(smoke_test, "PAUSE", 0.0)
    (home / "feast" / "whole").rename(home / "feast" / "away")
    with triton.client("whole") as client:
        (popular,) = client.recommend(1, k=5)
        assert popular.degraded and popular.source == "popular" and len(popular.items) == 5
        with pytest.raises(DeploymentError, match=r"stays live.*cannot read the feature store"):
            triton.deploy(release, [1], tolerant)
        with pytest.raises(DeploymentError, match=r"stays live.*feature store in .* cannot be read"):
            triton.deploy(release, [1])
        with pytest.raises(FeatureStoreError):
            scoring.transform({"user_id": np.array([1])})
        (home / "feast" / "away").rename(home / "feast" / "whole")
        deadline = time.monotonic() + 10
        while (answer := client.recommend(1, k=5)[0]).degraded:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert answer.source == "personalized"


def test_a_server_of_ones_own_is_told_where_things_lie(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR", "secret")
    places = {"repository": "/models", "feast": "/features", "decisions": "/decisions"}
    own = TritonResource(
        address="triton.shop:9001", releases="s3://shop/releases/", control_key="op=${OPERATOR}", **places
    )
    with pytest.raises(ValueError, match="Releases cannot be kept at 's3://shop"):  # no package for it here
        own.target().publish(None)  # type: ignore[arg-type]
    target = own.target()
    assert (target.own_url, target.control_key) == ("127.0.0.1:9001", "op=secret")
    assert "secret" not in repr(target)
    assert target.settings.places() == {"release_cache": "/var/cache/recsys", "feast": "/features"}
    inside = TritonResource(address="triton.shop:9001", own_address="127.0.0.1:8001", **places).target()
    assert (inside.own_url, inside.settings.places()) == ("127.0.0.1:8001", {"feast": "/features"})
    for key, problem in (("secret", "must be KEY=VALUE"), ("op=${MISSING}", "MISSING, which is not set")):
        with pytest.raises(ValueError, match=problem):
            TritonResource(address="triton.shop:9001", control_key=key, **places).target()


@pytest.mark.parametrize("name", ["repository", "releases", "feast", "decisions", "own_address", "control_key"])
def test_the_embedded_server_keeps_to_its_home(home: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"keeps all its files in the home; remove `{name}`"):
        TritonResource(**{name: "/elsewhere"})._target("127.0.0.1:1")


def test_the_form_of_releases_is_configured() -> None:
    own = TritonResource(
        address="triton.shop:8001",
        repository="/models",
        form="ensemble",
        group_by="stage",
        step_instances={"retrieval": 2},
    )
    assert own.target().settings.form == LayoutSettings("ensemble", "stage", {"retrieval": 2})
    assert TritonResource(address="triton.shop:8001", repository="/models").target().settings.form.form == "fused"


def check_a_server_that_was_ended(triton: TritonResource, live: LiveRelease) -> None:
    """Looking starts nothing, and nothing is started for a name that was never deployed; `awake` brings back a name."""
    assert triton.stop() is True
    assert triton.live("whole") is None and triton.awake("nobody") is None and triton.status() is None
    first = threading.Thread(target=triton.target)
    first.start()
    while triton.status() is None or not triton.server()._process.answers():
        time.sleep(0.05)
    assert triton.live("whole") is None, "the server runs, and the name does not answer yet"
    with triton.client("whole") as client:  # as a second command does that comes a moment later
        assert client.recommend(1, k=5)[0].source == "personalized"
    first.join()
    assert triton.stop() is True
    assert triton.awake("whole") == live and triton.status() is not None


def check_status_of_a_damaged_release(home: Path, triton: TritonResource, live: LiveRelease) -> None:
    """What answers no more is named with its reason, and with the way back where there is one."""
    assert triton.silent("whole") is None and triton.silent("nobody") is None
    file = home / "releases" / "whole" / live.hash / "snapshot" / "total.npy"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])
    target = triton.target()
    with target.connected() as control:
        for model in ("whole", model_name("whole", live.hash)):
            control.unload(model)
    assert "total.npy" in restore(target)["whole"]
    assert triton.silent("whole") == live and "total.npy" in triton.why_silent(live)
    shown = CliRunner().invoke(app, ["status"])
    assert f"whole does not answer: {home}" in shown.output and "total.npy is damaged" in shown.output
    assert "ValueError" not in shown.output
    assert "At:" not in shown.output and "rollback" not in shown.output, "there is no release before"


def test_what_was_live_is_waited_for_on_a_server_that_runs_already(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state = ServerState(1, "", 3, 4, str(home), closed=True)
    monkeypatch.setattr(TritonServer, "status", lambda _: state)
    monkeypatch.setattr(TritonServer, "start", lambda _: state)
    monkeypatch.setattr(deployment, "restore", lambda target: {"shop": f"{target.grpc_url} cannot load it"})
    assert TritonResource().target().grpc_url == state.grpc_url
    assert caplog.messages == ["The recommender 'shop' does not answer: 127.0.0.1:3 cannot load it"]


@pytest.mark.triton
def test_a_whole_recommender_answers_from_a_real_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = whole_release(home, two_tower=12, popular=9, co_occurrence=10)
    triton = TritonResource(queue_delay_us=100)
    try:
        live = triton.deploy(whole.release, [1, 2, 3, 777])
        assert triton.live("whole") == live and live.hash == whole.release.hash
        with triton.client("whole") as client:
            known, unknown = client.recommend([1, 777], k=5)
            assert known.source == "personalized" and unknown.source == "popular"
            assert len(known.items) == 5 and all(isinstance(item.item_id, int) for item in known.items)
            assert known.release == whole.release.hash
        check_without_feature_store(home, triton, whole.release, monkeypatch)
        check_a_server_that_was_ended(triton, live)
        state = triton.status()
        assert state is not None and state.grpc_url.startswith("127.0.0.1:")
        # the same server, asked by its address as if it were somebody else's
        own = TritonResource(address=state.grpc_url, repository=state.repository)
        assert own.live("whole") == live
        check_status_of_a_damaged_release(home, triton, live)
    finally:
        assert triton.stop() is True
    assert not processes_of(home, PROGRAMS)
