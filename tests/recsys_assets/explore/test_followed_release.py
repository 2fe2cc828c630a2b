from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from recsys_assets.explore.followed_release import FollowedRelease
from resources.home import Home
from serving.triton.control.control import TritonError
from serving.triton.deployment.deployment import LiveRelease
from tests.serving.toys import toy_release


@dataclass
class Says:
    """A server that says that this is live, or fails."""

    answer: str | Exception | None = None
    written: LiveRelease | None = None
    address: str | None = "triton:8001"

    def live(self, name: str) -> LiveRelease | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return None if self.answer is None else LiveRelease(name, self.answer, None)

    def silent(self, name: str) -> LiveRelease | None:
        return self.written

    def status(self) -> None:
        return None


def test_the_page_follows_what_is_live(home: Home) -> None:
    first, second = (toy_release(home.root, seed=seed) for seed in range(2))
    triton: Any = Says(first.hash)
    followed = FollowedRelease(home, "toy", triton)
    opened = followed.current()
    assert opened.release.hash == first.hash and followed.current() is opened
    triton.answer = second.hash
    assert followed.current().release.hash == second.hash
    triton.answer = TritonError("No Triton server answers at triton:8001; start it.")
    last = followed.current()
    assert last.release.hash == second.hash and str(last.problem).startswith("No Triton server answers")
    triton.answer = first.hash
    shutil.rmtree(first.path)
    with pytest.raises(FileNotFoundError, match=r"is no release: .*`recsys materialize toy` builds"):
        followed.current()


def test_a_release_that_is_down_is_no_reason_to_train_anew(home: Home) -> None:
    down: Any = Says(written=LiveRelease("toy", "ab" * 32, "cd" * 32))
    with pytest.raises(RuntimeError, match="status` says why; `recsys rollback toy` goes back to cdcdcdcdcdcd") as said:
        FollowedRelease(home, "toy", down).current()
    assert "materialize" not in str(said.value)


def test_nothing_live_and_no_server_are_said(home: Home) -> None:
    nothing: Any = Says()
    with pytest.raises(RuntimeError, match="No release of 'toy' is live; `recsys materialize toy`"):
        FollowedRelease(home, "toy", nothing).current()
    stopped: Any = Says(address=None)
    with pytest.raises(RuntimeError, match="No Triton server runs here; `recsys recommend toy"):
        FollowedRelease(home, "toy", stopped).current()
