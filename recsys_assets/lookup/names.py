"""Is there a recommender of this name at all?"""

from __future__ import annotations

from pathlib import Path

from resources.home import NAME_PATTERN, Home


def check_name(name: str, home: Home) -> None:
    """Makes sure that a name is one of a recommender, defined by a YAML or built in this home.

    Definitions, which take seconds to import, are looked at for nothing but a name that the home does not have.

    Raises:
        LookupError: when there is none; says which there are.
    """
    if name in built(home):
        return
    from recsys_assets.lookup.find import defined
    from resources.environment import RECOMMENDERS

    found = defined()
    if name in found:
        return
    known = ", ".join(sorted({*found, *built(home)})) or "none"
    raise LookupError(
        f"There is no recommender {name!r}; there are: {known}. Correct the name, or name the folder of its defs.yaml "
        f"in {RECOMMENDERS}."
    )


def built(home: Home) -> list[str]:
    """Names of the recommenders that something was ever written of in this home."""
    return _names(home.root / "recommenders", home.decision_logs, home.releases, home.triton_models)


def released(home: Home) -> list[str]:
    """Names of those that have, or had, a release: a folder that was moved away does not silence the server."""
    return _names(home.releases, home.triton_models)


def _names(*places: Path) -> list[str]:
    folders = (folder for place in places for folder in place.glob("*") if folder.is_dir())
    return sorted({folder.name for folder in folders if NAME_PATTERN.fullmatch(folder.name)})
