from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from ops_gpu.models.layers.schema_inputs import SchemaInputs, transfer
from ops_gpu.schema.column import ColumnSchema, Domain
from ops_gpu.schema.schema import Schema
from ops_gpu.schema.tags import Tags
from tests.ops_gpu.models.schemas import categorical, columns, continuous, items, users


def model(schema: Schema, units: int = 3, name: str = "out") -> keras.Model:
    parts = SchemaInputs(schema)
    joined = keras.ops.concatenate([*parts.categorical, *parts.continuous], axis=-1)
    scaled = keras.layers.Normalization(name="normalization", mean=None)(joined)
    return keras.Model(parts.inputs, keras.layers.Dense(units, name=name)(scaled))


def outputs(found: keras.Model, schema: Schema, rows: int = 5) -> Any:
    return np.asarray(found({k: v if v.dtype == np.int32 else v[:, None] for k, v in columns(schema, rows).items()}))


def test_inputs_follow_the_schema() -> None:
    parts = SchemaInputs(items())
    shapes = {name: (value.shape, value.dtype) for name, value in parts.inputs.items()}
    assert shapes == {
        "item_id": ((None,), "int32"),
        "genres": ((None, 3), "int32"),
        "price": ((None, 1), "float32"),
    }
    assert [v.shape for v in parts.categorical] == [(None, 4), (None, 4)]
    assert [v.shape for v in parts.continuous] == [(None, 1)]


def test_columns_of_one_domain_share_a_table() -> None:
    schema = Schema([categorical("item_id", 11, Tags.ITEM_ID), categorical("liked", 11, width=2, domain="item_id")])
    parts = SchemaInputs(schema, dimension=7)
    assert len(parts.categorical) == 2 and list(parts.tables) == ["item_id"]
    assert (parts.tables["item_id"].input_dim, parts.tables["item_id"].output_dim) == (11, 7)
    other = SchemaInputs(schema, parts.tables)
    assert other.table(schema["liked"]) is parts.tables["item_id"]


def test_a_list_without_a_limit() -> None:
    column = ColumnSchema("genres", "int32", frozenset({Tags.CATEGORICAL}), is_list=True, domain=Domain(0, 5))
    with pytest.raises(ValueError, match=r"'genres' has no upper length in its schema; set value_count"):
        SchemaInputs(Schema([column]))


def trained(schema: Schema) -> keras.Model:
    found = model(schema)
    for number, layer in enumerate(found.layers):
        layer.set_weights([np.full(w.shape, number + 1.5, w.dtype) for w in layer.get_weights()])
    found.get_layer("normalization").finalize_state()
    return found


def test_weights_are_copied() -> None:
    source, target = trained(users()), model(users())
    assert not np.allclose(outputs(source, users()), outputs(target, users()))
    transfer(source, target)
    np.testing.assert_array_equal(outputs(target, users()), outputs(source, users()))


def test_normalisation_comes_along(tmp_path: Any) -> None:
    """Keras' layer computes with constants that setting its weights does not renew."""
    source, target = model(users()), model(users())
    source.get_layer("normalization").adapt(np.random.default_rng(0).normal(50, 9, (99, 9)).astype(np.float32))
    transfer(source, target)
    np.testing.assert_array_equal(outputs(target, users()), outputs(source, users()))
    target.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(outputs(loaded, users()), outputs(target, users()))


def test_a_table_that_has_grown_keeps_its_rows() -> None:
    source, target = trained(users(9)), model(users(12))
    before = target.get_layer("embedding_user_id").get_weights()[0]
    transfer(source, target)
    found = target.get_layer("embedding_user_id").get_weights()[0]
    np.testing.assert_array_equal(found[:9], source.get_layer("embedding_user_id").get_weights()[0])
    np.testing.assert_array_equal(found[9:], before[9:])
    np.testing.assert_array_equal(outputs(target, users(9)), outputs(source, users(9)))


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        pytest.param(model(users(8)), r"'embedding_user_id' has weights of shape \(9, 4\)", id="a table has shrunk"),
        pytest.param(model(users(), units=4), r"'out' has weights of shape \(9, 3\).*\(9, 4\)", id="wider layer"),
        pytest.param(model(users() + Schema([continuous("tenure")])), "'normalization' has weights", id="new number"),
        pytest.param(model(users() + Schema([categorical("device", 4)])), "layers embedding_device", id="new feature"),
        pytest.param(model(users().excluding("city")), "layers embedding_city", id="a feature less"),
        pytest.param(model(users(), name="last"), "layers last, out", id="another layer"),
    ],
)
def test_another_configuration_is_refused(target: keras.Model, problem: str) -> None:
    with pytest.raises(ValueError, match=f"{problem}.*fit from scratch instead of continuing"):
        transfer(trained(users()), target)


def test_a_layer_with_more_inputs_is_no_grown_table() -> None:
    """Its new rows belong to the new feature, wherever that stands among the others."""

    def dense(width: int) -> keras.Model:
        inputs = keras.Input((width,))
        return keras.Model(inputs, keras.layers.Dense(2, name="out")(inputs))

    with pytest.raises(ValueError, match=r"'out' has weights of shape \(3, 2\).*\(4, 2\)"):
        transfer(dense(3), dense(4))
