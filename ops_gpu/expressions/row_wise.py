"""Which parts of Polars expressions go row by row, by the names that Polars gives them when it writes them down.

What stands here can neither run code nor see another row. What does not is refused: a new function of Polars has to be
put in first. A test computes every function that there is for many rows and for each of them alone.
"""

from __future__ import annotations

from collections.abc import Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTIONS = _names(
    "Abs AsStruct Atan2 Ceil Clip Coalesce Cut Exp FillNull FillNullWithStrategy Floor Log Log1p MaxHorizontal "
    "MeanHorizontal MinHorizontal Negate Reinterpret RepeatBy Replace ReplaceStrict Round RoundSF Sign SumHorizontal "
    "ToPhysical Truncate"
)
"""Functions of no namespace."""

NAMESPACES: Mapping[str, frozenset[str]] = {
    "Pow": _names("Cbrt Generic Sqrt"),
    "Trigonometry": _names(
        "ArcCos ArcCosh ArcSin ArcSinh ArcTan ArcTanh Cos Cosh Cot Degrees Radians Sin Sinh Tan Tanh"
    ),
    "Bitwise": _names("CountOnes CountZeros LeadingOnes LeadingZeros TrailingOnes TrailingZeros"),
    "Boolean": _names(
        "AllHorizontal AnyHorizontal IsBetween IsClose IsFinite IsIn IsInfinite IsNan IsNotNan IsNotNull IsNull Not"
    ),
    "StringExpr": _names(
        "Base64Decode Base64Encode ConcatHorizontal Contains ContainsAny CountMatches EndsWith EscapeRegex Extract "
        "ExtractAll ExtractMany Find FindMany Format Head HexDecode HexEncode JsonDecode JsonPathMatch LenBytes "
        "LenChars Lowercase Normalize PadEnd PadStart Replace ReplaceMany Reverse Slice Split SplitExact SplitN "
        "StartsWith StripChars StripCharsEnd StripCharsStart StripPrefix StripSuffix Strptime Tail Titlecase ToInteger "
        "Uppercase ZFill"
    ),
    "BinaryExpr": _names("Contains EndsWith Get Head HexDecode HexEncode Size Slice StartsWith Tail"),
    "TemporalExpr": _names(
        "BaseUtcOffset CastTimeUnit Century Combine ConvertTimeZone DSTOffset Date Datetime DatetimeFunction Day "
        "DaysInMonth Duration Hour IsLeapYear IsoYear Microsecond Millennium Millisecond Minute Month MonthEnd "
        "MonthStart Nanosecond OffsetBy OrdinalDay Quarter Replace ReplaceTimeZone Round Second Time TimeStamp "
        "ToString TotalDays TotalHours TotalMicroseconds TotalMilliseconds TotalMinutes TotalNanoseconds TotalSeconds "
        "Truncate Week WeekDay WithTimeUnit Year"
    ),
    "ListExpr": _names(
        "ArgMax ArgMin Concat Contains CountMatches Diff DropNulls Gather GatherEvery Get Join Length Max Mean Median "
        "Min SetOperation Shift Slice Sort Std Sum ToArray Var"
    ),
    "ArrayExpr": _names(
        "ArgMax ArgMin Contains CountMatches Dot Get Join Length Max Mean Median Min Shift Slice Sort Std Sum ToList "
        "Var"
    ),
    "StructExpr": _names("FieldByName"),
    "Categorical": _names("EndsWith LenBytes LenChars Slice StartsWith"),
}

WITHIN_LISTS = _names(
    "ArgMax ArgMin CumCount CumMax CumMin CumProd CumSum Diff DropNans DropNulls Product Rank Reverse Shift Unique"
)
"""Functions that see all elements of a list, and so no other row where they are applied to each list by itself."""

AGGREGATIONS = _names("Count First Implode Item Last Max Mean Median Min NUnique Std Sum Var")
"""The same of aggregations."""

OPERATORS = _names(
    "Eq EqValidity NotEq NotEqValidity Lt LtEq Gt GtEq Plus Minus Multiply Divide RustDivide TrueDivide FloorDivide "
    "Modulus And Or Xor LogicalAnd LogicalOr"
)

LOOKUPS = _names("IsIn Replace ReplaceStrict")
"""Functions that look a value up among others, which must be constants: of a column they would see all rows."""

TYPES = _names(
    "Boolean Int8 Int16 Int32 Int64 Int128 UInt8 UInt16 UInt32 UInt64 Float32 Float64 String Binary Date Time Null"
)
