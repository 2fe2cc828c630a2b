"""Columns that the offline source has beside id and features."""

from __future__ import annotations

EVENT_TIME = "event_timestamp"
"""From when the row holds."""

CREATED = "created_timestamp"
"""When it was written."""

PRESENT = "present"
"""Whether the entity still exists; false in the row that says that it is gone."""
