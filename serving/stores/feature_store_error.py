"""The error of a feature store that does not answer."""

from __future__ import annotations


class FeatureStoreError(RuntimeError):
    """The feature store cannot be read: the user's features are not known to be missing, they are out of
    reach.

    An ensemble may catch it and answer with what is popular.
    """
