"""What becomes of a release that was built, while people decide of others; the server holds no models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from serving.release.release import Release
from serving.request.model_names import model_name
from serving.triton.deployment.deployment import DeploymentError, deploy, live_release, rollback
from serving.triton.deployment.offer import Offered, OnNewRelease, offer
from serving.triton.deployment.rollout import end_rollout, roll_out
from serving.triton.deployment.target import TritonTarget
from serving.triton.deployment.verdicts import FILE, Verdicts
from serving.triton.repository.live_release import LiveRelease
from tests.serving.toys import toy_release
from tests.serving.triton.fake_control import FakeControl, dated, fake_server

USERS = [100, -7]
Server = tuple[TritonTarget, FakeControl]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with fake_server(tmp_path) as made:
        yield made


@pytest.fixture
def target(server: Server) -> TritonTarget:
    return server[0]


@pytest.fixture
def releases(tmp_path: Path) -> list[Release]:
    """Four, a day apart, the oldest first."""
    return dated(toy_release(tmp_path, seed=seed) for seed in range(4))


def verdicts(release: Release) -> Verdicts:
    found = Verdicts.load(release.path.parent)
    assert found is not None
    return found


def against(release: Release) -> set[str]:
    return set(verdicts(release).against)


def test_releases_go_live_one_after_another(target: TritonTarget, releases: list[Release]) -> None:
    first, second, third, _ = releases
    assert offer(first, target, USERS) == Offered(first.hash, "live", LiveRelease("toy", first.hash))
    assert offer(second, target, USERS).live == LiveRelease("toy", second.hash, first.hash)
    assert offer(third, target, USERS).live == LiveRelease("toy", third.hash, second.hash)
    again = offer(third, target, USERS)
    assert (again.outcome, again.live) == ("live", LiveRelease("toy", third.hash, second.hash))
    assert verdicts(first) == Verdicts()


@pytest.mark.parametrize("shares", [{"canary": 0.1}, {"shadow": 1.0}], ids=["canary", "shadow"])
def test_a_rollout_outlives_new_days_until_it_is_decided(
    server: Server, releases: list[Release], shares: dict[str, float], tmp_path: Path
) -> None:
    live, challenger, newcomer, newer = releases
    target = replace(server[0], settings=replace(server[0].settings, decisions=str(tmp_path / "decisions")))
    offer(live, target, USERS)
    going = roll_out(challenger, target, USERS, **shares)
    assert offer(newcomer, target, USERS) == Offered(newcomer.hash, "waits", going)
    since = verdicts(live).waiting
    assert since is not None and since.release == newcomer.hash
    assert offer(newcomer, target, USERS) == Offered(newcomer.hash, "waits", going), "asked again"
    assert verdicts(live).waiting == since, "it has waited since it came"
    server[1].end()  # a restart
    offered = offer(newer, target, USERS)
    assert offered == Offered(newer.hash, "waits", going, superseded=since)
    assert live_release("toy", target) == going
    assert {m.name for m in server[1].models() if newer.hash[:12] in m.name} == set(), "nothing of it was loaded"


def test_the_one_that_is_tried_and_the_live_one_are_no_newcomers(target: TritonTarget, releases: list[Release]) -> None:
    live, challenger, newcomer, _ = releases
    offer(live, target, USERS)
    going = roll_out(challenger, target, USERS, canary=0.1)
    offer(newcomer, target, USERS)
    for on_new_release in ("wait", "end"):
        assert offer(challenger, target, USERS, on_new_release) == Offered(challenger.hash, "tried", going)  # type: ignore[arg-type]
        assert offer(live, target, USERS, on_new_release) == Offered(live.hash, "live", going)  # type: ignore[arg-type]
    waiting = verdicts(live).waiting
    assert live_release("toy", target) == going and waiting is not None and waiting.release == newcomer.hash


def test_a_rollout_is_ended_for_a_newer_release_where_that_is_asked_for(
    target: TritonTarget, releases: list[Release]
) -> None:
    live, challenger, newcomer, _ = releases
    offer(live, target, USERS)
    roll_out(challenger, target, USERS, canary=0.1)
    offered = offer(newcomer, target, USERS, "end")
    assert offered == Offered(
        newcomer.hash, "live", LiveRelease("toy", newcomer.hash, live.hash), ended=challenger.hash
    )
    assert live_release("toy", target) == offered.live and against(live) == set()


def test_what_waits_has_its_turn_once_the_rollout_is_decided(target: TritonTarget, releases: list[Release]) -> None:
    live, challenger, newcomer, newer = releases
    offer(live, target, USERS)
    roll_out(challenger, target, USERS, canary=0.1)
    offer(newcomer, target, USERS)
    deploy(challenger, target, USERS)
    waiting = verdicts(live).waiting
    assert waiting is not None and waiting.release == newcomer.hash, "it is told, and not put live by that command"
    offered = offer(newer, target, USERS)
    assert offered == Offered(newer.hash, "live", LiveRelease("toy", newer.hash, challenger.hash), superseded=waiting)
    assert verdicts(live) == Verdicts()


def test_a_candidate_that_was_taken_away_does_not_go_live_by_itself(
    target: TritonTarget, releases: list[Release]
) -> None:
    live, challenger, newcomer, _ = releases
    offer(live, target, USERS)
    roll_out(challenger, target, USERS, canary=0.1)
    alone = end_rollout(live, target)
    offered = offer(challenger, target, USERS)
    assert (offered.outcome, offered.live) == ("refused", alone)
    assert offered.verdict is not None and offered.verdict.kind == "ended"
    assert roll_out(challenger, target, USERS, canary=0.1).challenger == challenger.hash, "a person can try it again"
    roll_out(newcomer, target, USERS, canary=0.1)
    assert against(live) == {challenger.hash}, "another one takes its place"
    assert deploy(challenger, target, USERS).hash == challenger.hash
    assert against(live) == {newcomer.hash}


def test_a_rollback_is_remembered(server: Server, releases: list[Release]) -> None:
    target, control = server
    first, second, third, fourth = releases
    for release in (first, second):
        offer(release, target, USERS)
    back = rollback(first, target)
    for _ in range(2):
        offered = offer(second, target, USERS)
        assert (offered.outcome, offered.live) == ("refused", back)
        assert offered.verdict is not None and offered.verdict.kind == "rolled_back"
        control.end()  # a restart
    assert offer(third, target, USERS).live == LiveRelease("toy", third.hash, first.hash)
    assert offer(second, target, USERS).outcome == "refused", "whatever went live meanwhile"
    assert deploy(second, target, USERS).hash == second.hash, "an explicit command brings it back"
    assert against(first) == {third.hash}, "which was a step back from the third"
    assert offer(third, target, USERS).outcome == "refused"
    assert offer(fourth, target, USERS).outcome == "live"


def test_going_back_twice_is_as_if_nothing_had_been(target: TritonTarget, releases: list[Release]) -> None:
    first, second, *_ = releases
    for release in (first, second):
        offer(release, target, USERS)
    before = verdicts(first)
    rollback(first, target)
    assert rollback(second, target) == LiveRelease("toy", second.hash, first.hash)
    assert verdicts(first) == before == Verdicts()
    assert offer(second, target, USERS).outcome == "live"


def test_a_rollback_ends_a_rollout_for_good(target: TritonTarget, releases: list[Release]) -> None:
    first, second, challenger, newcomer = releases
    for release in (first, second):
        offer(release, target, USERS)
    roll_out(challenger, target, USERS, canary=0.1)
    offer(newcomer, target, USERS)
    back = rollback(first, target)
    assert back == LiveRelease("toy", first.hash, second.hash)
    assert against(first) == {second.hash, challenger.hash}
    for release in (second, challenger):
        assert offer(release, target, USERS).outcome == "refused"
    assert offer(newcomer, target, USERS).live.hash == newcomer.hash, "nobody decided against it"


def test_an_older_release_that_is_deployed_by_hand_is_not_replaced_by_the_newer_one(
    target: TritonTarget, releases: list[Release]
) -> None:
    first, second, third, _ = releases
    for release in (first, second, third):
        offer(release, target, USERS)
    assert deploy(first, target, USERS).hash == first.hash
    assert offer(third, target, USERS).outcome == "refused"
    assert against(first) == {third.hash}, "the second was replaced by a newer one, and not left"


def test_what_could_not_be_done_is_not_remembered(
    server: Server, releases: list[Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    target, control = server
    first, second, third, _ = releases
    for release in (first, second):
        offer(release, target, USERS)
    control.broken = {"toy"}
    with pytest.raises(DeploymentError, match="could not go back"):
        rollback(first, target)
    with pytest.raises(DeploymentError, match="stays live"):
        deploy(first, target, USERS)
    assert verdicts(first) == Verdicts()
    control.broken = set()
    roll_out(third, target, USERS, canary=0.5)
    control.broken = {"toy"}
    with pytest.raises(Exception, match="cannot be loaded"):
        end_rollout(second, target)
    assert verdicts(first) == Verdicts()


@pytest.mark.parametrize("step", ["rollback", "deploy"])
def test_what_was_live_is_left_where_it_can_no_longer_be_loaded(
    server: Server, releases: list[Release], step: str
) -> None:
    target, control = server
    first, second, *_ = releases
    for release in (first, second):
        offer(release, target, USERS)
    control.end()
    control.broken = {model_name("toy", second.hash)}
    live = rollback(first, target) if step == "rollback" else deploy(first, target, USERS)
    assert live.hash == first.hash and against(first) == {second.hash}


def test_a_live_release_that_cannot_be_loaded_makes_room(server: Server, releases: list[Release]) -> None:
    target, control = server
    live, challenger, newcomer, _ = releases
    offer(live, target, USERS)
    roll_out(challenger, target, USERS, canary=0.1)
    control.end()
    control.broken = {model_name("toy", live.hash)}
    offered = offer(newcomer, target, USERS)
    assert offered == Offered(newcomer.hash, "live", LiveRelease("toy", newcomer.hash), ended=challenger.hash)


def test_where_nothing_answers_what_was_left_still_stays_away(server: Server, releases: list[Release]) -> None:
    target, control = server
    first, second, *_ = releases
    for release in (first, second):
        offer(release, target, USERS)
    rollback(first, target)
    control.end()
    control.broken = {model_name("toy", first.hash)}
    with pytest.raises(DeploymentError, match=r"Nothing answers for 'toy', and its newest release .* stays away"):
        offer(second, target, USERS)
    control.broken = set()
    assert offer(first, target, USERS).outcome == "live", "built anew"


@pytest.mark.parametrize("on_new_release", ["wait", "end"])
def test_a_home_of_the_version_before_goes_on(
    target: TritonTarget, releases: list[Release], on_new_release: OnNewRelease
) -> None:
    first, second, third, fourth = releases
    for release in (first, second):
        offer(release, target, USERS)
    rollback(first, target)
    roll_out(third, target, USERS, canary=0.1)
    (first.path.parent / FILE).unlink()  # which is how it left it
    offered = offer(second, target, USERS, on_new_release)
    assert offered.outcome == "refused" and offered.verdict is not None
    assert offered.verdict.kind == "rolled_back" and offered.verdict.time.endswith("+00:00")
    assert offer(fourth, target, USERS, on_new_release).outcome == ("waits" if on_new_release == "wait" else "live")


def test_a_home_of_the_version_before_in_which_nobody_went_back(target: TritonTarget, releases: list[Release]) -> None:
    for release in releases[:2]:
        offer(release, target, USERS)
    (releases[0].path.parent / FILE).unlink()
    assert offer(releases[0], target, USERS).outcome == "live", "built again, on purpose"


def test_a_damaged_file_stops_what_comes_by_itself_and_no_person(
    target: TritonTarget, releases: list[Release], caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third, _ = releases
    for release in (first, second):
        offer(release, target, USERS)
    (first.path.parent / FILE).write_text("{")
    with pytest.raises(DeploymentError, match=rf"{second.hash[:12]} stays live.*verdicts\.json is damaged"):
        offer(third, target, USERS)
    assert rollback(first, target).hash == first.hash
    assert "verdicts.json is damaged" in caplog.text and f"{FILE}.damaged" in caplog.text
    assert against(first) == {second.hash} and (first.path.parent / f"{FILE}.damaged").read_text() == "{"


def test_what_cannot_be_written_down_is_done_all_the_same(
    target: TritonTarget, releases: list[Release], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = releases
    for release in (first, second):
        offer(release, target, USERS)
    monkeypatch.setattr(Verdicts, "save", lambda *_: (_ for _ in ()).throw(OSError("No space left")))
    assert rollback(first, target).hash == first.hash
    assert "is not remembered: No space left" in caplog.text
