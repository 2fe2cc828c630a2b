"""Tags: what a column means."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Tags(StrEnum):
    """What a column means; models, Feast views and default workflows select columns by these.

    Example:
        >>> Tags("user_id") is Tags.USER_ID
        True
    """

    ID = "id"
    USER_ID = "user_id"
    ITEM_ID = "item_id"
    USER = "user"
    ITEM = "item"
    CONTEXT = "context"
    CATEGORICAL = "categorical"
    CONTINUOUS = "continuous"
    LIST = "list"
    SEQUENCE = "sequence"
    TEXT = "text"
    TOKENIZED = "tokenized"
    EMBEDDING = "embedding"
    TIME = "time"
    SESSION = "session"
    SESSION_ID = "session_id"
    TARGET = "target"
    REGRESSION = "regression"
    CLASSIFICATION = "classification"
    BINARY = "binary"
    MULTI_CLASS = "multi_class"


def as_tags(tags: Tags | str | Iterable[Tags | str]) -> set[Tags]:
    """One tag or several, as tags or by their names; ValueError for one that is none."""
    return {Tags(tags)} if isinstance(tags, str) else {Tags(tag) for tag in tags}
