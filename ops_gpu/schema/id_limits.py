"""What an id can be from the log to the answer of a server: limits that reading and serving share."""

from __future__ import annotations

MAX_ID_BYTES = 256
"""Longest id, in UTF-8: what a request has room for."""

NULL_INTEGER = -(2**63)
"""What a null is in an integer column of a batch, which has no other way to say it; so it is nobody's id."""
