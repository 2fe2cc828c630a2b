"""Functions of many rows, by the names that SQL has for them."""

from __future__ import annotations

import re

AGGREGATES = (
    "ANY_VALUE|ARRAY_AGG|AVG|BIT_AND|BIT_OR|BIT_XOR|CORR|COUNT|COVAR|COVAR_POP|COVAR_SAMP|CUME_DIST|DENSE_RANK|FIRST|"
    "FIRST_VALUE|GROUP_CONCAT|LAG|LAST|LAST_VALUE|LEAD|LISTAGG|MAX|MEDIAN|MIN|MODE|NTH_VALUE|NTILE|PERCENT_RANK|"
    "QUANTILE|QUANTILE_CONT|QUANTILE_DISC|RANK|ROW_NUMBER|STDDEV|STDDEV_POP|STDDEV_SAMP|STDEV|STDEV_SAMP|STRING_AGG|"
    "SUM|UNNEST|VAR|VARIANCE|VAR_POP|VAR_SAMP"
)
"""Functions of many rows, by their names in SQL."""
_CALL = re.compile(rf"\b({AGGREGATES})\s*\(|\b(OVER)\s*\(|\b(SELECT)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")


def many_rows(text: str) -> str | None:
    """The part of an expression that looks at many rows, as it stands in the text; None where there is none known."""
    found = _CALL.search(_QUOTED.sub(lambda quoted: " " * len(quoted[0]), text))
    return next(name.upper() for name in found.groups() if name) if found else None
