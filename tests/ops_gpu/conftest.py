"""Hypothesis without deadlines: the tests share their cores with others."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("shared cores", deadline=None)
settings.load_profile("shared cores")
