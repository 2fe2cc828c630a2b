"""What is said of parts of expressions that are not taken."""

from __future__ import annotations


class NotRowWise(ValueError):
    """A part of an expression that sees other rows, or is not known to see none."""

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__(f"it has {part!r}, which looks at other rows, or is not known to look at one alone")


class NotData(TypeError):
    """A part of an expression that has no form as data."""

    def __init__(self, what: str) -> None:
        super().__init__(f"it has {what}, which has no form in a file")


class RunsCode(TypeError):
    """An expression that calls back into Python, or into a plugin."""

    def __init__(self) -> None:
        super().__init__("it runs Python code (map_batches, map_elements, a function of numpy, or a plugin)")
