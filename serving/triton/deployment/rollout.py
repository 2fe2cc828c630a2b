"""Trying a challenger on real requests, beside the live release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from serving.release.release import Release
from serving.request.model_names import model_name
from serving.request.recommendation import Id
from serving.triton.deployment.promotion import DeploymentError, Promotion, still, tensors_of
from serving.triton.deployment.remembering import remembered
from serving.triton.deployment.signature_check import check_columns
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.live_release import LiveRelease


def roll_out(
    challenger: Release, target: TritonTarget, users: Sequence[Id], canary: float = 0.0, shadow: float = 0.0
) -> LiveRelease:
    """Lets a challenger answer some users (canary) or answer unseen (shadow), beside the live release.

    The challenger is loaded and proved as by `deploy`. A router before both takes its place under the name;
    which users the challenger answers depends on nothing but their ids, and a larger share keeps those of a
    smaller one. It goes on, whatever is built meanwhile (see `offer`), until it is decided: `deploy` the challenger to
    promote it, or `end_rollout`. Another challenger takes the place of one that is being tried.

    Args:
        challenger: the release.
        target: the server.
        users: some user ids to ask for.
        canary: share of users that the challenger answers, 0 to 1.
        shadow: share of requests that are shown to the challenger after they were answered; the answers are
            compared, written to the decision log (`shadow/`) and given to nobody.

    Raises:
        DeploymentError: when nothing is live, the challenger is live, does not answer as it should, or takes
            or gives other columns than what is live; what was live stays live.
    """
    if not (0 <= canary <= 1 and 0 <= shadow <= 1 and canary + shadow > 0):
        raise DeploymentError(f"A rollout needs shares between 0 and 1, got canary {canary} and shadow {shadow}.")
    if shadow and target.settings.decisions is None:
        raise DeploymentError("A shadow needs a place for its comparisons; configure `decisions`.")
    with Promotion.begun(challenger.name, target) as promotion:
        before = promotion.live_again()
        if before is None:
            raise DeploymentError(
                f"The release {challenger.hash[:12]} of {challenger.name!r} has nothing to stand beside "
                f"({still(before)}); deploy it instead."
            )
        if before.hash == challenger.hash:
            raise DeploymentError(
                f"The release {challenger.hash[:12]} of {challenger.name!r} is the live one, and answers everybody "
                "already; try another one beside it."
            )
        with promotion.trying(challenger, before):
            model, tensors = promotion.load(challenger, users)
            live_columns = promotion.control.tensors(challenger.name)
            check_columns(promotion.control.tensors(model), live_columns)
            wanted = replace(before, challenger=challenger.hash, canary=canary, shadow=shadow)
            common = tensors.giving({name for kind, name, *_ in live_columns if kind == "output"})
            router = promotion.load_router(wanted, common, users)
            with remembered(challenger.path.parent, target.repository, before, lambda v: v.after(before, wanted)):
                promotion.point(wanted, router, common)
        promotion.unload_others(wanted)
        return wanted


def end_rollout(live: Release, target: TritonTarget) -> LiveRelease:
    """Takes the challenger away: everybody is answered by the live release again.

    That is remembered: the challenger does not go live by itself afterwards.

    Args:
        live: the release that is live.
        target: the server.
    """
    with Promotion.begun(live.name, target) as promotion:
        before = promotion.live()
        if before is None or before.hash != live.hash:
            raise DeploymentError(f"{live.hash[:12]} of {live.name!r} is not live ({still(before)}).")
        wanted = LiveRelease(live.name, live.hash, before.previous)
        with remembered(live.path.parent, target.repository, before, lambda v: v.after(before, wanted)):
            promotion.point(wanted, model_name(live.name, live.hash), tensors_of(live))
        promotion.unload_others(wanted)
        return wanted
