from __future__ import annotations

from pathlib import Path

import pytest

from resources.triton import TritonResource
from serving.triton.backends import PROGRAMS
from serving.triton.form_settings import FormSettings
from serving.triton.process import processes_of
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


def test_a_server_of_ones_own_needs_a_repository_and_is_left_alone() -> None:
    with pytest.raises(ValueError, match=r"triton\.shop:8001 needs `repository`"):
        TritonResource(address="triton.shop:8001").target()
    own = TritonResource(address="triton.shop:8001", repository="/models", releases="/releases")
    assert own.target().grpc_url == "triton.shop:8001" and own.status() is None
    with pytest.raises(ValueError, match="not ours to start or stop"):
        own.stop()


def test_the_form_of_releases_is_configured() -> None:
    own = TritonResource(
        address="triton.shop:8001",
        repository="/models",
        form="ensemble",
        group_by="stage",
        step_instances={"retrieval": 2},
    )
    assert own.target().settings.form == FormSettings("ensemble", "stage", {"retrieval": 2})
    assert TritonResource(address="triton.shop:8001", repository="/models").target().settings.form.form == "fused"


@pytest.mark.triton
def test_a_whole_recommender_answers_from_a_real_server(home: Path) -> None:
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
        state = triton.status()
        assert state is not None and state.http_url.startswith("http://127.0.0.1:")
        # the same server, asked by its address as if it were somebody else's
        own = TritonResource(address=state.grpc_url, repository=state.repository)
        assert own.live("whole") == live
    finally:
        assert triton.stop() is True
    assert not processes_of(home, PROGRAMS)
