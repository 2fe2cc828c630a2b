"""Where did an item go? Its way through the stages of one logged decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.request.recommendation import Id


@dataclass(frozen=True)
class StageNote:
    """What a stage made of an item.

    Args:
        stage: its name.
        kept: whether the item came out of it.
        note: a few words.
    """

    stage: str
    kept: bool
    note: str


def item_path(decision: Mapping[str, Any], item: Id, bits: Mapping[str, Mapping[str, int]]) -> list[StageNote]:
    """The stages that an item passed, up to the one where it was lost.

    Args:
        decision: a row of a decision log.
        item: raw id.
        bits: names of bits, as the log notes them.
    """
    notes = []
    for stage in (_retrieval, _filtering, _scoring, _ordering):
        note = stage(decision, item, bits)
        if note is not None:
            notes.append(note)
    last = next((place for place, note in enumerate(notes, 1) if not note.kept), len(notes))
    return notes[:last]


def named_bits(value: int, names: Mapping[str, int]) -> str:
    """The names of the bits that are set, joined by commas."""
    return ", ".join(name for name, bit in names.items() if value & bit)


def brought_by(decision: Mapping[str, Any], place: int, bits: Mapping[str, Mapping[str, int]]) -> str:
    """Names of the sources that brought a candidate.

    Args:
        decision: a row of a decision log.
        place: of the candidate among those retrieved.
        bits: names of bits, as the log notes them.
    """
    wide = decision.get("retrieved_sources")
    if wide is not None and bits.get("sources"):
        return named_bits(wide[place], bits["sources"])
    return named_bits(decision["retrieved_source"][place], bits["source"])


def sources_of(decision: Mapping[str, Any], item: Id, source: int, bits: Mapping[str, Mapping[str, int]]) -> str:
    """Names of the sources of an item of the list.

    Args:
        decision: a row of a decision log.
        item: raw id.
        source: its eight bits, which have no name for a source that came later.
        bits: names of bits, as the log notes them.
    """
    place = _place(decision.get("retrieved_item") or [], item)
    if place is None or not source & bits["source"].get("other", 0):
        return named_bits(source, bits["source"])
    return brought_by(decision, place, bits)


def _retrieval(decision: Mapping[str, Any], item: Id, bits: Mapping[str, Mapping[str, int]]) -> StageNote | None:
    if "retrieved_item" not in decision or _replaced(decision, bits):
        return None
    place = _place(decision["retrieved_item"], item)
    if place is None:
        return StageNote(
            "retrieval", False, f"none of {len(decision['retrieved_item'])} candidates: no source brought it"
        )
    return StageNote("retrieval", True, f"brought by {brought_by(decision, place, bits)}")


def _filtering(decision: Mapping[str, Any], item: Id, bits: Mapping[str, Mapping[str, int]]) -> StageNote | None:
    again = "2_" if _replaced(decision, bits) else ""  # what is popular is filtered by a second operator
    if f"{again}removed_item" not in decision:
        return None
    place = _place(decision[f"{again}removed_item"], item)
    if place is None:
        return None if again else StageNote("filtering", True, "kept")
    reason = named_bits(decision[f"{again}removed_reason"][place], bits["reason"])
    return StageNote("filtering", False, f"removed: {reason}")


def _scoring(decision: Mapping[str, Any], item: Id, bits: Mapping[str, Mapping[str, int]]) -> StageNote | None:
    if "scored_item" not in decision:
        return None
    place, replaced = _place(decision["scored_item"], item), _replaced(decision, bits)
    if place is None:
        instead = "what is popular was given in the place of candidates, and it is not among " if replaced else ""
        return StageNote("scoring", False, f"{instead or 'not among '}the {len(decision['scored_item'])} scored")
    score = decision["scored_score"][place]
    better = sum(other > score for other in decision["scored_score"])
    return StageNote("scoring", True, f"score {score:.6g}, place {better + 1} of {len(decision['scored_item'])}")


def _ordering(decision: Mapping[str, Any], item: Id, bits: Mapping[str, Mapping[str, int]]) -> StageNote | None:
    place = _place(decision["item"], item)
    if place is None:
        return StageNote("ordering", False, f"not among the {len(decision['item'])} that were given")
    return StageNote("ordering", True, f"place {place + 1}, with probability {decision['propensity'][place]:.3g}")


def _replaced(decision: Mapping[str, Any], bits: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether the user got what is popular in the place of candidates."""
    return any(source & bits["source"]["fallback"] for source in decision.get("scored_source", ())[:1])


def _place(items: list[Id], item: Id) -> int | None:
    return items.index(item) if item in items else None
