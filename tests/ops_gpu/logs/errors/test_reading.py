from __future__ import annotations

import _csv

import polars as pl
import pytest

from ops_gpu.logs import LogError
from ops_gpu.logs.errors.reading import is_panic, reading


class PanicException(BaseException):
    """What PyO3 calls a panic of Rust code."""


THROWN = [_csv.Error("x"), OverflowError("x"), UnicodeError("x"), RecursionError("x"), KeyError("x"), OSError("x\ny"),
          pl.exceptions.ShapeError("x"), PanicException("x")]  # fmt: skip


@pytest.mark.parametrize("error", THROWN, ids=lambda error: type(error).__name__)
def test_whatever_is_thrown_is_the_error_of_that_file(error: BaseException) -> None:
    said = rf"'a\.csv' cannot be read as declared \({type(error).__name__}: "
    with pytest.raises(LogError, match=said) as raised, reading("a.csv"):
        raise error
    assert raised.value.__cause__ is error
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, MemoryError, GeneratorExit])
def test_what_no_file_is_to_blame_for_passes(kind: type[BaseException]) -> None:
    with pytest.raises(kind), reading("a.csv"):
        raise kind


def test_a_sentence_stays_as_it_is() -> None:
    with pytest.raises(LogError, match=r"^mine$"), reading("a.csv"):
        raise LogError("mine")


def test_polars_panics_are_known_by_name() -> None:
    assert is_panic(pl.exceptions.PanicException("x"))
    assert not is_panic(ValueError("x"))
