"""Deploying a release: load it beside what is live, prove it, and only then point the name at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from serving.ensemble.ensemble import Ensemble
from serving.release.release import Release
from serving.request.model_names import model_name
from serving.request.recommendation import Id
from serving.triton.control.control import TritonError
from serving.triton.deployment.promotion import DeploymentError, Promotion, still, tensors_of
from serving.triton.deployment.remembering import is_newer, remembered
from serving.triton.deployment.target import TritonTarget
from serving.triton.deployment.verdicts import Verdicts
from serving.triton.repository.live_release import LiveRelease
from serving.triton.repository.restore import bring_back

__all__ = ["DeploymentError", "LiveRelease", "deploy", "live_release", "restore", "rollback"]


def live_release(name: str, target: TritonTarget) -> LiveRelease | None:
    """The release that answers under `name`; None when none does.

    Raises:
        TritonError: when the server does not answer.
    """
    with target.connected() as control:
        return Promotion(name, target, control).live()


def deploy(
    release: Release, target: TritonTarget, users: Sequence[Id], ensemble: Ensemble | None = None
) -> LiveRelease:
    """Makes a release answer under its recommender's name, without a request being disturbed.

    The release is loaded as a Triton model of its own, warmed up and asked over gRPC; its answers must be
    those of the same release in this process. Then the name is pointed at it. The release that was live
    stays loaded, older ones are unloaded.

    This is a person's command: it ends a rollout (that of the release itself by promoting it), brings back what was
    rolled back, and is a step back itself where the release is older than the live one. See `offer` for a release
    that was built and asks for its place.

    Args:
        release: the release.
        target: the server.
        users: some user ids to ask for, best known and unknown ones; at least one.
        ensemble: the release's ensemble where it is open already.

    Raises:
        DeploymentError: when the release cannot be loaded or does not answer as it should. What was live
            stays live, and the failed release is unloaded.
        TritonError: when the server does not answer.
    """
    with Promotion.begun(release.name, target) as promotion:
        before = promotion.live_again()
        was = before or LiveRelease.written(target.repository, release.name)
        back = was is not None and is_newer(release.path.parent, was.hash, release.hash)
        return put_live(release, promotion, users, before, lambda v, now: v.after(was, now, back=back), ensemble)


def put_live(
    release: Release,
    promotion: Promotion,
    users: Sequence[Id],
    before: LiveRelease | None,
    remember: Callable[[Verdicts, LiveRelease], Verdicts],
    ensemble: Ensemble | None = None,
) -> LiveRelease:
    """The steps of `deploy`, for whoever holds the lock.

    Args:
        release: the release.
        promotion: of the recommender.
        users: some user ids to ask for.
        before: what answers; None for nothing.
        remember: what is remembered afterwards, from what was, and what answers then.
        ensemble: the release's ensemble where it is open already.
    """
    with promotion.trying(release, before):
        model, tensors = promotion.load(release, users, ensemble)
        previous = None if before is None else before.previous if before.hash == release.hash else before.hash
        wanted = LiveRelease(release.name, release.hash, previous)
        repository = promotion.target.repository
        with remembered(release.path.parent, repository, before, lambda known: remember(known, wanted)):
            if before != wanted:
                promotion.point(wanted, model, tensors)
    promotion.unload_others(wanted)
    return wanted


def rollback(previous: Release, target: TritonTarget) -> LiveRelease:
    """Points a recommender's name back at the release before, which is loaded, or else is loaded now.

    It is the way out as well where the release that was live cannot be loaded any more. The release that is left is
    remembered, and does not go live by itself again; nor does a challenger, whose rollout ends. Going back to a release
    that was left so takes that decision back.

    Args:
        previous: the release before, as `live_release` names it.
        target: the server.

    Raises:
        DeploymentError: when it is not the release before.
    """
    name = previous.name
    with Promotion.begun(name, target) as promotion:
        before = promotion.live() or LiveRelease.written(target.repository, name)
        if before is None or before.previous != previous.hash:
            raise DeploymentError(
                f"{name!r} has no release {previous.hash[:12]} to go back to ({still(before)}); deploy it instead."
            )
        wanted = LiveRelease(name, previous.hash, before.hash)
        try:
            with remembered(
                previous.path.parent, target.repository, before, lambda known: known.after(before, wanted, back=True)
            ):
                promotion.point(wanted, model_name(name, previous.hash), tensors_of(previous))
        except TritonError as error:
            raise DeploymentError(f"{name!r} could not go back ({still(before)}): {error}") from error
        promotion.unload_others(wanted)
        return wanted


def restore(target: TritonTarget) -> dict[str, str]:
    """Loads what was live before the server was stopped, each recommender on its own; see `bring_back`.

    Returns:
        What went wrong, by recommender; empty when all is well.
    """
    with target.connected() as control:
        return bring_back(target.repository, control)
