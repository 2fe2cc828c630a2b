"""SignatureError: a challenger that does not fit before the callers of what is live."""

from __future__ import annotations


class SignatureError(ValueError):
    """Which columns a challenger takes or gives otherwise than what is live, beside which it cannot stand therefore."""
