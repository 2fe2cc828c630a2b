"""Files that grow and files that are written again: what is read of them, and which days have changed."""

from __future__ import annotations

import gzip
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ops_gpu.logs import FileDays, InteractionLog, LogPlace, LogSource, days_of_files, read_interactions
from ops_gpu.logs.files import blocks as module
from ops_gpu.logs.files.listing import LogFile
from ops_gpu.logs.values.identifiers import IdTypes

FIRST = date(2026, 3, 1)
STRINGS = IdTypes("string", "string")
COLUMNS = ("user", "item", "time", "note")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few lines, so that small files have many."""
    monkeypatch.setattr(module, "SIZE", 400)


def lines(days: range, per_day: int = 12, seed: int = 0) -> list[list[str]]:
    """Rows of some days, in order of time; a note now and then holds whatever a field may hold."""
    shuffled = random.Random(seed)
    notes = ["", "plain", 'a "quoted" word', "two\nlines", "a, comma", "ä"]
    found = []
    for day in days:
        start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=day)
        for row in range(per_day):
            moment = (start + timedelta(minutes=row)).strftime("%Y-%m-%dT%H:%M:%S")
            found.append([f"u{shuffled.randrange(9)}", f"i{shuffled.randrange(99)}", moment, shuffled.choice(notes)])
    return found


def csv(rows: list[list[str]], header: bool = True) -> str:
    def field(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in '",\n') else text

    return "".join(",".join(map(field, row)) + "\n" for row in ([list(COLUMNS)] if header else []) + rows)


def log_of(header: bool = True, name: str = "log.csv") -> InteractionLog:
    layout = {} if header else {"header": False, "columns": COLUMNS}
    return InteractionLog(LogSource(name, **layout), "user", "item", "time", categorical=["note"])  # type: ignore[arg-type]


def look(log: InteractionLog, folder: Path, known: dict[str, FileDays] | None = None) -> FileDays:
    (entry,) = days_of_files(log, LogPlace(folder), known).values()
    assert entry.error is None, entry.error
    return entry


def versions(entry: FileDays) -> dict[date, str]:
    return {day: entry.version(day) for day in entry.days}


def changed(before: FileDays, after: FileDays) -> list[int]:
    """Days whose rows are others, as numbers."""
    old, new = versions(before), versions(after)
    return sorted((day - FIRST).days for day in old.keys() | new.keys() if old.get(day) != new.get(day))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Bytes that were parsed since the last call."""
    from ops_gpu.logs.files import reader

    sizes, parsed = list[int](), reader._parsed

    def parse(data: bytes, *rest: object) -> object:
        sizes.append(len(data))
        return parsed(data, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(reader, "_parsed", parse)

    def count() -> int:
        total = sum(sizes)
        sizes.clear()
        return total

    return count


@pytest.mark.parametrize("header", [True, False], ids=["header", "no header"])
def test_what_is_read_in_parts_is_what_is_read_as_a_whole(
    tmp_path: Path, header: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log.csv").write_text(csv(lines(range(6)), header))
    log, place = log_of(header), LogPlace(tmp_path)
    parts = look(log, tmp_path)
    assert len(parts.blocks) > 5
    assert parts.blocks[0].start == (len(csv([])) if header else 0)
    assert parts.blocks[-1].end == (tmp_path / "log.csv").stat().st_size
    assert all(one.end == other.start for one, other in zip(parts.blocks, parts.blocks[1:], strict=False))
    wanted = [FIRST + timedelta(days=day) for day in (1, 4)]
    in_parts = read_interactions(log, place, STRINGS, wanted, {str(tmp_path / "log.csv"): parts})
    monkeypatch.setattr(module, "SIZE", 1 << 24)
    whole = look(log, tmp_path)
    assert len(whole.blocks) == 1 and versions(whole) == versions(parts)
    at_once = read_interactions(log, place, STRINGS, wanted, {str(tmp_path / "log.csv"): whole})
    assert_frame_equal(in_parts.frame, at_once.frame)
    assert in_parts.report.rows_kept == 24 and in_parts.report.rows_read < at_once.report.rows_read == 72


def test_of_a_file_that_grows_the_end_alone_is_read(tmp_path: Path, counted: Callable[[], int]) -> None:
    path, log = tmp_path / "log.csv", log_of()
    path.write_text(csv(lines(range(60))))
    first = look(log, tmp_path)
    assert counted() > path.stat().st_size
    with path.open("a") as file:
        file.write(csv(lines(range(59, 61), 3, seed=1), header=False))
    second = look(log, tmp_path, {str(path): first})
    assert counted() < 3 * 400 < path.stat().st_size / 20
    assert changed(first, second) == [59, 60]
    read_interactions(log, LogPlace(tmp_path), STRINGS, [FIRST + timedelta(days=60)], {str(path): second})
    assert counted() < 4 * 400
    assert versions(second) == versions(look(log, tmp_path))


@pytest.mark.parametrize(
    ("edit", "days"),
    [
        pytest.param(lambda rows: rows, [], id="written again as it was"),
        pytest.param(lambda rows: [*rows[:30], ["x", *rows[30][1:]], *rows[31:]], [2], id="one row is another"),
        pytest.param(lambda rows: rows[12:], [0], id="the first day is gone"),
        pytest.param(lambda rows: [*lines(range(-1, 0)), *rows], [-1], id="a day came before"),
        pytest.param(lambda rows: list(reversed(rows)), [], id="in another order"),
        pytest.param(
            lambda rows: [*rows[:24], *([*r[:2], "2026-03-09", r[3]] for r in rows[24:36]), *rows[36:]],
            [2, 8],
            id="moved from one day to another",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "jsonl"])
def test_of_a_file_that_is_written_again_the_days_that_differ_are_known(
    tmp_path: Path, edit: Callable[[list[list[str]]], list[list[str]]], days: list[int], kind: str
) -> None:
    log, rows = log_of(name=f"log.{kind}"), lines(range(5))
    first = write(tmp_path / f"log.{kind}", rows, log, None)
    second = write(tmp_path / f"log.{kind}", edit(rows), log, first)
    assert first.fingerprint != second.fingerprint
    assert changed(first, second) == days
    assert bool(second.blocks) is (kind in ("csv", "jsonl"))


def write(path: Path, rows: list[list[str]], log: InteractionLog, before: FileDays | None) -> FileDays:
    """Writes the file, with a time of its own, and looks at it."""
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".jsonl":
        frame.write_ndjson(path)
    else:
        content = csv(rows).encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    os.utime(path, (1_000_000 + (before is not None),) * 2)
    return look(log, path.parent, {str(path): before} if before else None)


def test_a_line_that_is_being_written_is_left_for_later(tmp_path: Path) -> None:
    path, log, text = tmp_path / "log.csv", log_of(), csv(lines(range(3)))
    path.write_text(text + "u1,i1,2026-03-04T0")
    growing = look(log, tmp_path)
    assert changed(growing, growing) == [] and len(growing.days) == 3
    assert growing.blocks[-1].end == len(text.encode())
    with path.open("a") as file:
        file.write("9:00:00,\n")
    grown = look(log, tmp_path, {str(path): growing})
    assert changed(growing, grown) == [3]


@pytest.mark.parametrize("size", [64, 1 << 20])
def test_a_field_of_several_lines_that_is_being_written_is_left_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(module, "SIZE", size)
    path, log, text = tmp_path / "log.csv", log_of(), csv(lines(range(3)))
    path.write_text(text + 'u1,i1,2026-03-04T09:00:00,"one\ntwo\nthr')
    growing = look(log, tmp_path)
    assert not growing.error and len(growing.days) == 3
    assert growing.blocks[-1].end == len(text.encode())
    with path.open("a") as file:
        file.write('ee"\n')
    assert changed(growing, look(log, tmp_path, {str(path): growing})) == [3]


def test_a_last_line_without_an_end_counts_once_the_file_rests(tmp_path: Path) -> None:
    path, log = tmp_path / "log.csv", log_of()
    path.write_text(csv(lines(range(3))) + "u1,i1,2026-03-04T09:00:00,")
    before = look(log, tmp_path)
    assert len(before.days) == 3
    os.utime(path, (time.time() - 60,) * 2)
    known = {str(path): before}
    after = look(log, tmp_path, known)
    assert changed(before, after) == [3]
    assert look(log, tmp_path, {str(path): after}) is after
    rows = read_interactions(log, LogPlace(tmp_path), STRINGS, [FIRST + timedelta(days=3)], known).frame
    assert rows["user_id"].to_list() == ["u1"]


def test_a_file_whose_beginning_is_another_is_read_anew(tmp_path: Path) -> None:
    path, log, rows = tmp_path / "log.csv", log_of(), lines(range(20))
    path.write_text(csv(rows))
    before = look(log, tmp_path)
    path.write_text(csv([["x", *rows[0][1:]], *rows[1:], *lines(range(20, 21))]))
    assert changed(before, look(log, tmp_path, {str(path): before})) == [0, 20]


def test_a_shorter_file_has_lost_its_end(tmp_path: Path) -> None:
    path, log, rows = tmp_path / "log.csv", log_of(), lines(range(20))
    path.write_text(csv(rows))
    before = look(log, tmp_path)
    path.write_text(csv(rows[:-20]))
    assert changed(before, look(log, tmp_path, {str(path): before})) == [18, 19]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_encodings_in_which_a_line_end_is_no_byte_are_read_as_a_whole(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "log.csv").write_text(csv(lines(range(3))), encoding=encoding)
    log = InteractionLog(LogSource("log.csv", encoding=encoding), "user", "item", "time")
    entry = look(log, tmp_path)
    assert not entry.blocks and len(entry.days) == 3


def test_other_line_ends_are_read_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(csv(lines(range(3))).replace("\n", "\r").encode())
    assert not look(log_of(), tmp_path).blocks
    (tmp_path / "log.csv").write_bytes(csv(lines(range(3))).replace("\n", "\r\n").encode())
    assert look(log_of(), tmp_path).blocks


def test_each_row_tells_its_file(tmp_path: Path) -> None:
    for name, days in (("a.csv", range(2)), ("b.csv", range(1, 3))):
        (tmp_path / name).write_text(csv(lines(days)))
    found = read_interactions(log_of(name="*.csv"), LogPlace(tmp_path), STRINGS, named=True).frame
    by_file = found.group_by("__file__").len().sort("__file__")
    assert by_file.rows() == [(str(tmp_path / "a.csv"), 24), (str(tmp_path / "b.csv"), 24)]


def test_a_file_may_be_read_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    import fsspec

    for protocol in ("file", "memory"):
        filesystem = fsspec.filesystem(protocol)
        filesystem.pipe_file(str(tmp_path / "x"), b"0123456789")
        file = LogFile("x", "", "delimited", filesystem, str(tmp_path / "x"), 10)
        assert (file.read(), file.read(2, 5), file.read(8)) == (b"0123456789", b"234", b"89")


class Watched(bytes):
    """Bytes that count how many of them are looked at."""

    looked = 0

    def count(self, part, start=0, end=None):  # type: ignore[no-untyped-def,override]
        Watched.looked += (len(self) if end is None else end) - start
        return super().count(part, start, len(self) if end is None else end)

    def find(self, part, start=0, end=None):  # type: ignore[no-untyped-def,override]
        found = super().find(part, start, len(self) if end is None else end)
        Watched.looked += (found if found >= 0 else len(self)) - start
        return found

    def rfind(self, part, start=0, end=None):  # type: ignore[no-untyped-def,override]
        end = len(self) if end is None else end
        found = super().rfind(part, start, end)
        Watched.looked += end - max(found, start)
        return found


@dataclass(frozen=True)
class InMemory(LogFile):
    """A file of some bytes, read in watched ones."""

    content: bytes = b""

    @classmethod
    def of(cls, content: bytes) -> InMemory:
        return cls("log.csv", "x", "delimited", None, "log.csv", len(content), None, content)

    def read(self, start: int | None = None, end: int | None = None) -> bytes:
        return Watched(self.content[start:end])


GOOD = b"12345,67890,2026-03-01T08:00:00,5\n"


@pytest.mark.parametrize("head", [b"", b"user,item,time,note\n", b"\n\n"], ids=["no header", "header", "blank"])
@pytest.mark.parametrize("place", [0, 500, 999], ids=["first", "middle", "last"])
@pytest.mark.parametrize("stray", [b'1,2 5" disk,2026-03-01T08:00:00,5\n', b'1,",,\n' * 3], ids=["one", "three"])
def test_a_stray_quote_does_not_make_the_work_grow_faster_than_the_file(head: bytes, place: int, stray: bytes) -> None:
    content = head + GOOD * place + stray + GOOD * (1000 - place)
    file = InMemory.of(content)
    source = log_of().source
    for work in (
        lambda: b"".join(piece.data for piece in module.pieces(file, source, 0, len(content))),
        lambda: module.first_line(file, source),
        lambda: module._last_line_end(Watched(content), b'"'),
    ):
        Watched.looked = 0
        found = work()
        assert Watched.looked <= 6 * len(content)
        assert not isinstance(found, bytes) or content.startswith(found)


def test_pieces_end_where_an_even_number_of_quotes_stands() -> None:
    shuffled = random.Random(3)
    for _ in range(200):
        content = bytes(shuffled.choices(b'a"\n,', weights=[20, 1, 3, 3], k=shuffled.randrange(3000)))
        file = InMemory.of(content)
        found = list(module.pieces(file, log_of().source, 0, len(content)))
        assert b"".join(piece.data for piece in found) == content
        assert [piece.start for piece in found] == [0, *(piece.end for piece in found)][: len(found)]
        for piece in found[:-1]:
            assert piece.data.endswith(b"\n") and piece.data.count(b'"') % 2 == 0
