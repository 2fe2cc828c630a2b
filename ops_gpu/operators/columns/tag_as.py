"""TagAsUserID and its kin: the tags that most graphs need, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ops_gpu.operators.columns.add_metadata import AddMetadata
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags


@dataclass(frozen=True, repr=False)
class _TagAs(AddMetadata):
    """AddMetadata with tags of its own, beside those given."""

    own: ClassVar[tuple[Tags, ...]] = ()

    def output_schema(self, schema: Schema) -> Schema:
        return Schema(column.with_tags(self.own) for column in super().output_schema(schema))


@dataclass(frozen=True, repr=False)
class TagAsUserID(_TagAs):
    """Tags columns as the user's id.

    Example:
        >>> node = ["user_id"] >> Categorify() >> TagAsUserID()
    """

    own = (Tags.ID, Tags.USER, Tags.USER_ID)


@dataclass(frozen=True, repr=False)
class TagAsItemID(_TagAs):
    """Tags columns as the item's id.

    Example:
        >>> node = ["item_id"] >> Categorify() >> TagAsItemID()
    """

    own = (Tags.ID, Tags.ITEM, Tags.ITEM_ID)


@dataclass(frozen=True, repr=False)
class TagAsUserFeatures(_TagAs):
    """Tags columns as features of the user.

    Example:
        >>> node = ["age"] >> Normalize() >> TagAsUserFeatures()
    """

    own = (Tags.USER,)


@dataclass(frozen=True, repr=False)
class TagAsItemFeatures(_TagAs):
    """Tags columns as features of the item.

    Example:
        >>> node = ["price"] >> Normalize() >> TagAsItemFeatures()
    """

    own = (Tags.ITEM,)
