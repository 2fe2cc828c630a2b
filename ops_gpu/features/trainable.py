"""Whether models can be trained on what a workflow gives."""

from __future__ import annotations

from collections.abc import Collection

from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.reserved_names import Role, is_reserved
from ops_gpu.schema.tags import Tags
from ops_gpu.workflow.workflow import Workflow

IDS = ("user_id", "item_id")


def require_trainable(workflow: Workflow, users: Collection[str], items: Collection[str]) -> None:
    """Refuses a workflow with columns that no model reads, or without those that every model needs.

    Towers, rankers and the serving path take features of the user alone and of the item alone, as codes or as numbers.

    Args:
        workflow: fitted.
        users: raw columns of users, `user_id` among them.
        items: raw columns of items, `item_id` among them.

    Raises:
        ValueError: for the first column that is missing or cannot be used.
    """
    outputs = workflow.output_schema
    require_ids(outputs.names)
    for name in IDS:
        if not outputs[name].cardinality:
            raise ValueError(f"the feature graph gives {name!r} as it is, expected codes; put Categorify behind it.")
    owned: dict[Role, list[str]] = {
        "users": workflow.for_inputs(users).output_columns,
        "items": workflow.for_inputs(items).output_columns,
    }
    for name in outputs.names:
        if not any(name in columns for columns in owned.values()):
            raise ValueError(
                f"the feature graph gives the column {name!r}, which is computed from users and items together, and a "
                "feature belongs to either; leave it out, or compute it from the columns of one of them."
            )
    for role, columns in owned.items():
        for column in outputs.select_by_name(columns):
            _require_readable(column)
            if is_reserved(column.name, role):
                raise ValueError(
                    f"the feature graph gives the column {column.name!r} of {role}, which is the name of a part of the "
                    "models or of a column that is computed; rename it (`Rename`, or in the files)."
                )


def require_ids(names: Collection[str]) -> None:
    """Refuses a graph whose columns lack the id of the user or of the item; ValueError then."""
    for name in IDS:
        if name not in names:
            raise ValueError(
                f"the feature graph gives no column {name!r}, by which rows are found; add "
                '(["user_id", "item_id"] >> Categorify()) to it.'
            )


def _require_readable(column: ColumnSchema) -> None:
    coded = bool(column.tags & {Tags.CATEGORICAL, Tags.USER_ID, Tags.ITEM_ID})
    if coded and not column.cardinality:
        raise ValueError(
            f"the feature graph gives the category {column.name!r} as it is, expected codes; put Categorify, "
            "HashBucket or Bucketize behind it, or leave it out."
        )
    if not coded and not column.dtype.startswith(("float", "int", "uint", "bool")):
        raise ValueError(
            f"the feature graph gives the column {column.name!r} of type {column.dtype}, which no model reads; make it "
            "a number or a category, or leave it out."
        )
