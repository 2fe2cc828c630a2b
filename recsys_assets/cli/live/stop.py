"""`recsys stop`: ends what was started for this home."""

from __future__ import annotations

from recsys_assets.cli.terminal.output import Json, console, emit, sentences
from resources.home import Home


def stop(as_json: Json = False) -> None:
    """End the Triton server of this home; releases stay, and are loaded again when it is next needed."""
    home = Home.from_environment()
    with sentences(as_json):
        from resources.configured import configured

        triton = configured(home).triton
        ended = triton.address is None and triton.stop()
    if as_json:
        emit({"stopped": ended})
    else:
        console().print("Triton was ended." if ended else "No Triton server of this home was running.")
