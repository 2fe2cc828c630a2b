"""People, automation, restarts and retention in any order: what was decided stands, and what is needed is there."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from serving.release.manifest import Manifest
from serving.release.release import MANIFEST, Release
from serving.triton.deployment.deployment import deploy, live_release, rollback
from serving.triton.deployment.offer import OnNewRelease, offer
from serving.triton.deployment.retention import clean_up
from serving.triton.deployment.rollout import end_rollout, roll_out
from serving.triton.deployment.target import TritonTarget
from serving.triton.deployment.verdicts import Verdicts
from serving.triton.repository.live_release import LiveRelease
from tests.serving.toys import toy_release
from tests.serving.triton.fake_control import FakeControl, fake_server

USERS = [100]
MOST = 6
_made: list[Release] = []


def templates() -> list[Release]:
    """Releases to copy from, made once."""
    if not _made:
        root = Path(tempfile.mkdtemp())
        _made.extend(toy_release(root, seed=seed) for seed in range(MOST))
    return _made


class RolloutModel(RuleBasedStateMachine):
    """A recommender, beside what a person who watches it would expect."""

    target: TritonTarget
    control: FakeControl

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.stack = ExitStack()
        self.target, self.control = self.stack.enter_context(fake_server(self.folder))
        self.releases = self.folder / "releases" / "toy"
        self.built: list[str] = []
        self.day = datetime.fromisoformat("2026-01-01T03:00:00+00:00")
        self.against: set[str] = set()
        self.waiting: str | None = None
        self.live: LiveRelease | None = None

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()
            shutil.rmtree(self.folder)

    def opened(self, release: str) -> Release:
        return Release.open(self.releases / release)

    @rule(number=st.integers(0, MOST - 1), on_new_release=st.sampled_from(["wait", "end"]))
    def a_day(self, number: int, on_new_release: OnNewRelease) -> None:
        """A release is built, perhaps one that was there before, and automation offers it."""
        template = templates()[number]
        path, self.day = self.releases / template.hash, self.day + timedelta(days=1)
        if not path.exists():
            shutil.copytree(template.path, path)
            (path / MANIFEST).chmod(0o644)
            text = (path / MANIFEST).read_text().replace(template.manifest.created, self.day.isoformat())
            (path / MANIFEST).write_text(text)
        self.built.append(template.hash)
        self.offered(on_new_release)

    @precondition(lambda self: self.built)
    @rule(on_new_release=st.sampled_from(["wait", "end"]))
    def offered(self, on_new_release: OnNewRelease) -> None:
        """Automation, or somebody in the UI, materializes `deployment` again."""
        before, newest = self.live, self.built[-1]
        found = offer(self.opened(newest), self.target, USERS, on_new_release)
        if before is None:
            expected = "live"
        elif newest in (before.hash, before.challenger):
            expected = "live" if newest == before.hash else "tried"
        elif newest in self.against:
            expected = "refused"
        else:
            expected = "waits" if before.challenger is not None and on_new_release == "wait" else "live"
        assert found.outcome == expected
        if expected != "live" or (before is not None and newest == before.hash and before.challenger is not None):
            assert live_release("toy", self.target) == before, "nothing that comes by itself changes what answers"
            self.waiting = newest if expected == "waits" else self.waiting
            return
        same = before is not None and before.hash == newest
        previous = None if before is None else before.previous if same else before.hash
        self.live, self.waiting = LiveRelease("toy", newest, previous), None

    @precondition(lambda self: self.live is not None and self.live.previous is not None)
    @rule()
    def rolled_back(self) -> None:
        before = self.known_live()
        assert before.previous is not None
        forward_again = self.left_for(before.previous) == before.hash
        rollback(self.opened(before.previous), self.target)
        self.decided(before, LiveRelease("toy", before.previous, before.hash), back=not forward_again)

    @precondition(lambda self: self.live is not None)
    @rule(number=st.integers(0, 9), canary=st.sampled_from([0.1, 0.5]))
    def tried(self, number: int, canary: float) -> None:
        before, challenger = self.known_live(), self.any_release(number)
        if challenger != before.hash:
            found = roll_out(self.opened(challenger), self.target, USERS, canary=canary)
            self.decided(before, found)

    @precondition(lambda self: self.live is not None and self.live.challenger is not None)
    @rule()
    def ended(self) -> None:
        before = self.known_live()
        self.decided(before, end_rollout(self.opened(before.hash), self.target))

    @precondition(lambda self: self.live is not None)
    @rule(number=st.integers(0, 9))
    def deployed(self, number: int) -> None:
        before, wanted = self.known_live(), self.any_release(number)
        back = self.made(wanted) < self.made(before.hash) and self.left_for(wanted) != before.hash
        self.decided(before, deploy(self.opened(wanted), self.target, USERS), back=back)

    @rule()
    def restarted(self) -> None:
        """The server ends; whoever asks next brings back what was live."""
        self.control.end()
        if self.live is not None:
            for release in (self.live.challenger, self.live.hash):
                if release is not None:
                    self.control.load(f"toy.{release[:12]}")
            self.control.load("toy")

    @precondition(lambda self: self.built)
    @rule(keep=st.integers(1, 3), server_is_asked=st.booleans())
    def cleaned_up(self, keep: int, server_is_asked: bool) -> None:
        def needed() -> dict[str, str]:
            return {self.built[-1]: "the newest"}

        control = self.control if server_is_asked else None
        clean_up("toy", self.releases, self.target.repository, keep, needed, control)  # type: ignore[arg-type]

    @invariant()
    def what_was_decided_is_remembered(self) -> None:
        if self.live is None:
            return
        assert live_release("toy", self.target) == self.live
        known = Verdicts.load(self.releases)
        assert known is not None
        assert set(known.against) == self.against
        assert (known.waiting.release if known.waiting else None) == self.waiting

    @invariant()
    def what_is_needed_is_there_and_whole(self) -> None:
        for release in {*(self.live.hashes if self.live else ()), *([self.waiting] if self.waiting else [])}:
            self.opened(release)

    def known_live(self) -> LiveRelease:
        assert self.live is not None
        return self.live

    def any_release(self, number: int) -> str:
        there = sorted(path.name for path in self.releases.glob("[0-9a-f]*/"))
        return there[number % len(there)]

    def made(self, release: str) -> datetime:
        return datetime.fromisoformat(Manifest.load(self.releases / release / MANIFEST).created)

    def left_for(self, release: str) -> str | None:
        known = Verdicts.load(self.releases)
        return known.against[release].successor if known and release in known.against else None

    def decided(self, before: LiveRelease, now: LiveRelease, back: bool = False) -> None:
        """What a person's command leaves behind."""
        if back and before.hash != now.hash:
            self.against.add(before.hash)
        if before.challenger is not None and before.challenger not in (now.hash, now.challenger):
            self.against.add(before.challenger)
        self.against.discard(now.hash)
        self.waiting = None if self.waiting in (now.hash, now.challenger) else self.waiting
        self.live = now


TestRolloutModel = RolloutModel.TestCase
TestRolloutModel.settings = settings(max_examples=40, stateful_step_count=25)
