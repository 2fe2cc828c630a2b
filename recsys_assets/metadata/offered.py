"""What became of a release that was offered to be live, in a sentence or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.triton.deployment.offer import Offered


def said(name: str, offered: Offered) -> str:
    """The outcome, and what a person can do about it.

    Args:
        name: the recommender.
        offered: what became of the release.
    """
    release, live = offered.release[:12], offered.live
    if offered.outcome == "waits":
        return (
            f"{release} waits: {_tried(offered)} beside {live.hash[:12]}, and that is to be decided first"
            f"{_superseded(offered)}. `recsys rollout {name}` tells how it does, `--promote` and `--end` decide it; "
            f"then `recsys deploy {name}` makes {release} live, or the next materialization of this asset."
        )
    if offered.outcome == "tried":
        return f"{_tried(offered)} beside {live.hash[:12]}: it goes live when it is promoted (`recsys rollout {name}`)."
    if offered.outcome == "refused":
        return (
            f"{release} stays away: it {_why(offered)}. {live.hash[:12]} goes on answering; "
            f"`recsys deploy {name} --release {release}` makes it live all the same."
        )
    if live.challenger is not None:
        return f"{release} is live already; the rollout of {live.challenger[:12]} beside it goes on."
    if offered.ended is not None:
        return f"{release} is live. The rollout of {offered.ended[:12]} has ended for it, without being decided."
    return f"{release} is live."


def _tried(offered: Offered) -> str:
    live = offered.live
    shares = [f"answers {live.canary:.1%} of users"] if live.canary else []
    shares += [f"is shown {live.shadow:.1%} of requests"] if live.shadow else []
    return f"{str(live.challenger)[:12]} is being tried ({' and '.join(shares)})"


def _superseded(offered: Offered) -> str:
    if offered.superseded is None:
        return ""
    return f". {offered.superseded.release[:12]}, which waited before, waits no longer, for this one is newer"


def _why(offered: Offered) -> str:
    assert offered.verdict is not None
    when = offered.verdict.time[:16].replace("T", " ")
    if offered.verdict.kind == "rolled_back":
        return f"was rolled back on {when} UTC"
    return f"was being tried, and was taken away on {when} UTC"
