"""Offering a release that was built: it takes its place, unless a person has decided otherwise or is about to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from serving.release.release import Release
from serving.request.recommendation import Id
from serving.triton.deployment.deployment import put_live
from serving.triton.deployment.promotion import DeploymentError, Promotion, still
from serving.triton.deployment.remembering import known
from serving.triton.deployment.target import TritonTarget
from serving.triton.deployment.verdicts import Verdict, Verdicts, Waiting
from serving.triton.repository.live_release import LiveRelease

Outcome = Literal["live", "tried", "waits", "refused"]
OnNewRelease = Literal["wait", "end"]


@dataclass(frozen=True)
class Offered:
    """What became of a release that was offered.

    Args:
        release: its hash.
        outcome: `live`: it answers; `tried`: it is the challenger of a rollout, which goes on; `waits`: for a rollout
            of another one to be decided; `refused`: a person has decided against it.
        live: what answers now.
        ended: hash of a challenger whose rollout ended for it.
        superseded: what had waited, and waits no longer, for this one is newer.
        verdict: the decision against it.
    """

    release: str
    outcome: Outcome
    live: LiveRelease
    ended: str | None = None
    superseded: Waiting | None = None
    verdict: Verdict | None = None


def offer(
    release: Release, target: TritonTarget, users: Sequence[Id], on_new_release: OnNewRelease = "wait"
) -> Offered:
    """Makes a release that was built answer under its recommender's name, unless a person's decision stands.

    A rollout that is going on is a question that a person has asked: with `wait` it goes on, and the release waits in
    the place of any that waited before; with `end` it ends for the newer release. A release that was rolled back, or
    whose own rollout was ended, stays away. Where nothing answers, nothing is waited for.

    Args:
        release: the release.
        target: the server.
        users: some user ids to ask for, best known and unknown ones; at least one.
        on_new_release: what happens to a rollout of another release.

    Raises:
        DeploymentError: as `deploy`; when a person has decided against the release, and nothing answers that could
            stay; when what is remembered cannot be read.
        TritonError: when the server does not answer.
    """
    with Promotion.begun(release.name, target) as promotion:
        before = promotion.live_again()
        was = before or LiveRelease.written(target.repository, release.name)
        then = _remembered(release, target, was, before)
        outcome = outcome_of(release.hash, was, before is not None, then, on_new_release)
        if before is None and outcome == "refused":
            raise DeploymentError(
                f"Nothing answers for {release.name!r}, and its newest release {release.hash[:12]} stays away, for a "
                f"person decided against it at {then.against[release.hash].time}; deploy it by a command, or another."
            )
        if before is None or (outcome == "live" and (before.challenger is None or before.hash != release.hash)):
            ended = None if was is None or was.challenger == release.hash else was.challenger
            live = put_live(release, promotion, users, before, lambda known, _: known.without_waiting())
            return Offered(release.hash, "live", live, ended, _waited(then, release))
        return _left_alone(release, before, then, outcome)


def _remembered(
    release: Release, target: TritonTarget, was: LiveRelease | None, before: LiveRelease | None
) -> Verdicts:
    try:
        return known(release.path.parent, target.repository, was)
    except ValueError as error:
        raise DeploymentError(
            f"The release {release.hash[:12]} of {release.name!r} did not go live ({still(before)}): {error}"
        ) from error


def _left_alone(release: Release, before: LiveRelease, then: Verdicts, outcome: Outcome) -> Offered:
    """What answers goes on; who waits is written down."""
    (then.with_waiting(release.hash) if outcome == "waits" else then).save(release.path.parent)
    if outcome == "waits":
        return Offered(release.hash, outcome, before, superseded=_waited(then, release))
    return Offered(release.hash, outcome, before, verdict=then.against[release.hash] if outcome == "refused" else None)


def _waited(then: Verdicts, release: Release) -> Waiting | None:
    """Another release that has waited until now."""
    return None if then.waiting is None or then.waiting.release == release.hash else then.waiting


def outcome_of(
    release: str, was: LiveRelease | None, answers: bool, known: Verdicts, on_new_release: OnNewRelease
) -> Outcome:
    """What is to become of a release that is offered.

    Args:
        release: its hash.
        was: what the name points at; None for nothing.
        answers: whether that answers; otherwise its rollout is none that could be waited for.
        known: what is remembered.
        on_new_release: what happens to a rollout of another release.
    """
    if was is not None and was.hash == release:
        return "live"
    if answers and was is not None and was.challenger == release:
        return "tried"
    if release in known.against:
        return "refused"
    if answers and was is not None and was.challenger is not None and on_new_release == "wait":
        return "waits"
    return "live"
