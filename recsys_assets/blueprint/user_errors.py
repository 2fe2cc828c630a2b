"""Failures that say what is wrong before they show where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg


@contextmanager
def user_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Turns errors that are sentences for people into a failure of the step without a Python trace.

    Args:
        kinds: exceptions whose message is such a sentence; others pass as they are.
    """
    try:
        yield
    except kinds as error:
        raise dg.Failure(str(error), allow_retries=False) from None
