"""Scaling: numbers moved and stretched, by Polars and by numpy to the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.operators.base.list_expressions import as_float64, on_elements
from ops_gpu.schema.column import ColumnSchema

# Powers of two, by which multiplying rounds nothing: for numbers that are too far apart, or too near, for 1 over their
# distance to be a number of full precision.
FAR, NEAR = 2.0**1000, 2.0**-1000
SMALLER, LARGER = 2.0**-100, 2.0**200


@dataclass(frozen=True)
class Scaling:
    """`(x - center) * factor`, computed in Float64; null stays null, NaN NaN, and what is infinite infinite.

    So is a result beyond what the output's type holds, which models refuse by the column's name. To bound it here would
    cost each row that is served a third more, for numbers that reading a log takes for no values (`ops_gpu.logs`).

    It multiplies and does not divide: Polars divides one row and many in ways that differ in the last bit.

    Args:
        center: what becomes 0.
        factor: 1 over what becomes 1.
        unit: what numbers are multiplied by first; the factor is for such.
    """

    center: float
    factor: float
    unit: float = 1.0

    @classmethod
    def to_deviations(cls, mean: float, deviation: float) -> Scaling:
        """Of one standard deviation, which becomes 1; where it is 0, only the mean is taken off."""
        if not deviation > 0:
            return cls(mean, 1.0)
        unit = SMALLER if deviation > FAR else 1.0
        return cls(mean, 1 / (deviation * unit), unit)

    @classmethod
    def to_range(cls, low: float, high: float) -> Scaling:
        """Of what lies between two numbers, to 0 and 1; everything becomes 0 where these are one."""
        if not high > low:
            return cls(low, 0.0, SMALLER)
        unit = SMALLER if high - low > FAR else LARGER if high - low < NEAR else 1.0
        return cls(low, 1 / (high * unit - low * unit), unit)

    def expression(self, expr: pl.Expr, dtype: pl.DataType, out_dtype: str) -> pl.Expr:
        """The numbers of a column of type `dtype`, or of the elements of its lists, scaled, as type `out_dtype`."""
        out = ColumnSchema("", out_dtype).polars_dtype

        def scaled(value: pl.Expr) -> pl.Expr:
            number = as_float64(value, dtype)
            number = number if self.unit == 1 else number * self.unit
            return ((number - self.center * self.unit) * self.factor).cast(out)

        return on_elements(scaled, expr, dtype)

    def of_numbers(self, values: npt.NDArray[Any], out_dtype: str) -> npt.NDArray[Any]:
        """The same of an array."""
        numbers = values.astype(np.float64)
        numbers = numbers if self.unit == 1 else numbers * self.unit
        with np.errstate(over="ignore", invalid="ignore"):
            scaled: npt.NDArray[Any] = ((numbers - self.center * self.unit) * self.factor).astype(out_dtype)
        return scaled
