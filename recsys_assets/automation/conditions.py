"""When an asset is rebuilt without being asked: conditions that read as sentences in the UI.

A new log file is taken in by the sensor of `log_sensor.py`, the whole chain in one run. These conditions
carry everything else: changed code or settings, a repaired day, another users or items table, a check that
passes again. None of them looks at missing days of the past, so that a gap in history stops nothing.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

RebuildCondition = dg.AutomationCondition[dg.AssetKey]
AC: Any = dg.AutomationCondition  # its operators return private classes


def code_changed() -> RebuildCondition:
    """For what has nothing above it that is an asset: rebuild when its code or settings change."""
    return _named(_changed().since_last_handled() & _idle(), "its code or settings changed")


def whole(blocking: bool = True) -> RebuildCondition:
    """For what is built from all days at once.

    Args:
        blocking: whether checks of what it reads must have passed.
    """
    condition = (_updated() | _changed()).since_last_handled() & _quiet()
    return _named(_gated(condition, blocking), "something it reads, its code or its settings changed")


def after(trigger: dg.AssetSelection, label: str) -> RebuildCondition:
    """For what reads several assets of one chain: only the last of them triggers it.

    Without this it would run when the first has changed, and the others are still being rebuilt.

    Args:
        trigger: the asset that is rebuilt last.
        label: the condition in words.
    """
    condition = (_updated(trigger) | _changed()).since_last_handled() & _quiet()
    return _named(_gated(condition, True), label)


def daily(events: dg.AssetSelection, last: dg.AssetKey) -> RebuildCondition:
    """For what is made from one day of events.

    Args:
        events: the asset whose days trigger it.
        last: the end of the chain; see `_chain_going`.
    """
    waiting = AC.any_deps_missing().allow(events) | AC.any_deps_in_progress().allow(events) | AC.in_progress()
    waiting |= _chain_going(last)
    condition = (_updated(events) | _changed()).since_last_handled() & ~waiting
    return _named(_gated(condition, True), "its day was read again, or its code or settings changed")


def newest_day_after(trigger: dg.AssetSelection, last: dg.AssetKey, label: str) -> RebuildCondition:
    """For what is made day by day with something that is made of all days: the newest day, and it makes others along.

    Whether there are events of the newest day does not matter: of an open log it is yesterday, and may be on its way.

    Args:
        trigger: what is made of all days.
        last: the end of the chain; see `_chain_going`.
        label: the condition in words.
    """
    condition = (
        (_updated(trigger) | _changed()).since_last_handled()
        & AC.in_latest_time_window().with_label("it is the newest day")
        & _quiet()
        & ~_chain_going(last)
    )
    return _named(_gated(condition, True), label)


def _chain_going(last: dg.AssetKey) -> Any:
    """While a run of the whole chain is going, whose end is still to come.

    Days of such a run are noted one after another. Seen in the middle of that, those that are not noted yet look as if
    nobody were making them, and would be made once more, with another release after them.
    """
    return AC.asset_matches(last, AC.in_progress()).with_label("a run of the whole chain is going")


def _named(condition: Any, label: str) -> RebuildCondition:
    named: RebuildCondition = condition.with_label(label)
    return named


def _updated(trigger: dg.AssetSelection | None = None) -> Any:
    condition = AC.any_deps_updated()
    condition = condition if trigger is None else condition.allow(trigger)
    return condition.with_label("what it reads changed")


def _changed() -> Any:
    return AC.code_version_changed().with_label("its code or settings changed")


def _idle() -> Any:
    return (~AC.in_progress()).with_label("it is not being built already")


def _quiet() -> Any:
    condition = ~AC.any_deps_in_progress() & ~AC.in_progress()
    return condition.with_label("nothing that it reads is being built, nor itself")


def _gated(condition: Any, blocking: bool) -> Any:
    if not blocking:
        return condition
    passed = AC.all_deps_blocking_checks_passed().with_label("all blocking checks of what it reads passed")
    return condition & passed
