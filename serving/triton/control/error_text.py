"""The cause in what Triton says of a failure, for people to read."""

from __future__ import annotations

import re

_TRACE = re.compile(r"^At:$", re.MULTILINE)
_RAISED = re.compile(r"[\w.]*(?:Error|Exception): ")
_SENTENCE = re.compile(
    r"(?:\bInternal: )?\b(?:[\w.]+\.)?(?:ValueError|LookupError|OSError|FileNotFoundError|RuntimeError): "
)
"""What stands before an error that is a sentence by itself; `KeyError: 'x'` would be none without its name."""


def reason(details: str) -> str:
    r"""The cause in one line, without the traceback that the Python backend adds, and without the classes of errors.

    Args:
        details: of a gRPC error, or the reason that the index gives for a model.

    Example:
        >>> reason("Internal: ValueError: price.npy is damaged\n\nAt:\n  /lib/release.py(64): open")
        'price.npy is damaged'
    """
    text = _TRACE.split(details)[0].strip()
    causes = [line.strip() for line in text.splitlines() if _RAISED.match(line.strip())]
    return _SENTENCE.sub("", causes[-1] if causes else " ".join(text.split()))
