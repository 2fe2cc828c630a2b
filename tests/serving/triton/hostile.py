"""Requests that nobody should send, each with what the server must say to it; sent as bytes, past every client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2

Draw = Callable[[st.SearchStrategy[Any]], Any]
DTYPES = {"INT64": np.int64, "INT32": np.int32, "FP32": np.float32, "FP64": np.float64, "UINT8": np.uint8}
MOST = 1024


@dataclass(frozen=True, repr=False)
class Attack:
    """A request.

    Args:
        name: of what is wrong.
        message: its bytes.
        reason: pattern of the only right answer, an error.
    """

    name: str
    message: bytes
    reason: str

    def __repr__(self) -> str:
        return f"{self.name}: {self.reason!r}"


ANSWERED = ("item_id", "score", "source", "sources")
"""Outputs of every recommender."""


@dataclass(frozen=True)
class Victim:
    """A recommender.

    Args:
        model: its name.
        users: ids that it knows.
        columns: type of each input by name, and its width.
    """

    model: str
    users: tuple[int | str, ...]
    columns: dict[str, tuple[str, int]]

    def request(self, users: int = 1, k: int | None = 5, name: str = "") -> Any:
        """A request that nothing is wrong with."""
        message = service_pb2.ModelInferRequest(model_name=self.model, id=name)
        asked = [self.users[place % len(self.users)] for place in range(users)]
        kind, width = self.columns["user_id"]
        texts = b"".join(str(user).encode().ljust(width, b"\0") for user in asked)
        add(message, "user_id", kind, [users, width], texts if kind == "UINT8" else np.array(asked, np.int64).tobytes())
        if k is not None:
            add(message, "k", "INT32", [users, 1], np.full(users, k, np.int32).tobytes())
        return message

    def healthy(self) -> bytes:
        """A request for three users that is always answered alike."""
        message = self.request(3)
        if "seed" in self.columns:
            add(message, "seed", "INT64", [3, 1], np.array([7, 8, 9]).tobytes())
        return bytes(message.SerializeToString())


def add(message: Any, name: str, kind: str, shape: list[int], raw: bytes) -> None:
    """Adds an input to a request."""
    tensor = message.inputs.add()
    tensor.name, tensor.datatype = name, kind
    tensor.shape.extend(shape)
    message.raw_input_contents.append(raw)


def with_values(victim: Victim, column: str, values: list[Any]) -> Any:
    """A request for so many users that holds these values of one column; bytes where it is text."""
    kind, width = victim.columns[column]
    raw = b"".join(values) if kind == "UINT8" else np.array(values, DTYPES[kind]).tobytes()
    users = len(values) if kind == "UINT8" else np.array(values).size // width
    message = victim.request(users, k=None)
    if column == "user_id":
        del message.inputs[:], message.raw_input_contents[:]
    add(message, column, kind, [users, width], raw)
    return message


def attacks(victim: Victim) -> st.SearchStrategy[Attack]:
    """Any of `KINDS`."""

    @st.composite
    def one(draw: Draw) -> Attack:
        kinds = [kind for kind in KINDS if kind is not _not_text or victim.columns["user_id"][0] == "UINT8"]
        kind = draw(st.sampled_from(kinds))
        message, reason = kind(draw, victim)
        sent = message if isinstance(message, bytes) else message.SerializeToString()
        return Attack(kind.__name__.strip("_"), sent, reason)

    return one()


def _width(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message = victim.request()
    shown = draw(st.sampled_from(sorted(set(victim.columns) - {"k"})))
    width = draw(st.one_of(st.integers(0, 1000), st.integers(2**20, 2**62)).filter(lambda w: w != _size(victim, shown)))
    if shown != "user_id":
        add(message, shown, victim.columns[shown][0], [1, width], b"")
    else:
        message.inputs[0].shape[1] = width
    return message, rf"unexpected shape for input '{shown}'.*Expected \[-1,{_size(victim, shown)}\], got \[1,{width}\]"


def _rank(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message, shape = victim.request(k=None), draw(st.sampled_from([[], [1], [256], [1, 1, 256], [1, 256, 1], [1] * 50]))
    message.inputs[0].shape[:] = shape
    return message, "has no shape" if not shape else "unexpected shape for input 'user_id'"


def _negative(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message = victim.request(k=None)
    # Triton 2.45 cuts the number of users to 32 bits: -(2**32) would be answered for whoever came.
    message.inputs[0].shape[draw(st.integers(0, 1))] = draw(st.sampled_from([-1, -2, -(2**31), 1 - 2**63 + 2**31]))
    return (
        message,
        r"batch size \d+ for|batch-size must be <= 1024|dimensions should be specified|unexpected shape",
    )


def _bytes(draw: Draw, victim: Victim) -> tuple[Any, str]:
    """As many as no shape says, in a tensor of one user or of as many as there may be."""
    users, column = draw(st.sampled_from([1, 2, 50, MOST])), draw(st.sampled_from(sorted(victim.columns)))
    kind, width = victim.columns[column]
    right = users * width * np.dtype(DTYPES[kind]).itemsize
    size = draw(st.one_of(st.integers(0, 300), st.sampled_from([right - 1, right + 1, 2 * right])))
    message = victim.request(users, k=None)
    if column == "user_id":
        message.raw_input_contents[0] = bytes(size)
    else:
        add(message, column, kind, [users, width], bytes(size))
    if size == right:
        return victim.request(k=0), "'k' of a request must lie between 1 and 1000, got 0"
    return message, rf"Input '{column}' came with {size} bytes, but its shape \({users}, {width}\) of .* takes {right};"


def _crowd(draw: Draw, victim: Victim) -> tuple[Any, str]:
    return victim.request(draw(st.integers(MOST + 1, 12_000))), "batch-size must be <= 1024"


def _nobody(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message = victim.request(0, draw(st.sampled_from([None, 5])))
    return message, r"Input '\w+' came with 0 bytes, .*; send at least one user"


def _dtype(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message, place = victim.request(), draw(st.integers(0, 1))
    right = message.inputs[place].datatype
    message.inputs[place].datatype = draw(
        st.sampled_from(["BOOL", "INT32", "FP64", "BYTES", "FP16", "", "x"]).filter(lambda kind: kind != right)
    )
    return message, f"data-type is '.*', but model '{victim.model}' expects '{right}'"


def _missing(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message = victim.request()
    if draw(st.booleans()):
        del message.inputs[0], message.raw_input_contents[0]
        return message, "The request lacks column 'user_id'"
    del message.inputs[:], message.raw_input_contents[:]
    return message, "request has 0 inputs"


def _unknown(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message, known = victim.request(), {*victim.columns, *ANSWERED}
    name = draw(st.text(max_size=9).filter(lambda name: name not in known))
    if draw(st.booleans()):
        message.outputs.add().name = name
        return message, "unexpected inference output"
    add(message, name, "INT32", [1, 1], bytes(4))
    return message, "unexpected inference input|expected number of inputs between"


def _twice(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message, place = victim.request(), draw(st.integers(0, 1))
    message.inputs.add().CopyFrom(message.inputs[place])
    message.raw_input_contents.append(message.raw_input_contents[place])
    return message, "already exists in request"


def _k(draw: Draw, victim: Victim) -> tuple[Any, str]:
    bad = draw(st.integers(-(2**31), 2**31 - 1).filter(lambda k: not 1 <= k <= 1000))
    values = draw(st.permutations([bad, 1, 1000]))
    reason = rf"'k' of a request must lie between 1 and 1000, got {min(bad, 1)} to {max(bad, 1000)}"
    return with_values(victim, "k", list(values)), reason


def _rows(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message, users = victim.request(3), draw(st.sampled_from([1, 2, 4, 1000]))
    message.inputs[1].shape[0] = users
    message.raw_input_contents[1] = np.ones(users, np.int32).tobytes()
    return message, "batch size does not match"


def _not_text(draw: Draw, victim: Victim) -> tuple[Any, str]:
    bad = draw(st.sampled_from([b"\xff", b"\xc3", b"a\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xff" * 256]))
    values = draw(st.permutations([bad.ljust(256, b"\0"), b"u100".ljust(256, b"\0")]))
    return with_values(victim, "user_id", list(values)), "'user_id' of a request must be UTF-8: "


def _name(draw: Draw, victim: Victim) -> tuple[Any, str]:
    size = draw(st.sampled_from([257, 1000, 2**20]))
    return victim.request(name="é" * size), f"The id of a request has {size} characters; send at most 256"


def _data(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message = victim.request()
    if draw(st.booleans()):
        del message.raw_input_contents[draw(st.integers(0, 1)) :]
        return message, "unable to find data for input tensor"
    message.inputs[1].contents.int_contents.append(3)
    return message, "contents field must not be specified when using raw_input_contents"


def _memory(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message = victim.request(k=None)
    message.inputs[0].parameters["shared_memory_region"].string_param = draw(st.sampled_from(["recsys", "/", "a" * 99]))
    message.inputs[0].parameters["shared_memory_byte_size"].int64_param = draw(st.integers(1, 2**62))
    return message, "Unable to find shared memory region"


def _elsewhere(draw: Draw, victim: Victim) -> tuple[Any, str]:
    message = victim.request()
    if draw(st.booleans()):
        message.model_name = draw(st.sampled_from(["", "nobody", f"../{victim.model}", f"{victim.model}/", "x" * 999]))
    else:
        message.model_version = draw(st.sampled_from(["2", "0", "-1", "x", "9" * 99]))
    return message, r"unknown model|model version"


def _cut(draw: Draw, victim: Victim) -> tuple[Any, str]:
    whole = victim.request().SerializeToString()
    reason = "Unable to parse request|unknown model|unable to find data|has 0 inputs|no shape|data-type is|unexpected"
    return whole[: draw(st.integers(0, len(whole) - 1))], reason


def _garbage(draw: Draw, victim: Victim) -> tuple[Any, str]:
    return draw(st.binary(min_size=1, max_size=200)), "Unable to parse request|unknown model|model version"


def _size(victim: Victim, column: str) -> int:
    return victim.columns[column][1]


KINDS = (
    _width, _rank, _negative, _bytes, _crowd, _nobody, _dtype, _missing, _unknown, _twice, _k, _rows, _not_text, _name,
    _data, _memory, _elsewhere, _cut, _garbage,
)  # fmt: skip
