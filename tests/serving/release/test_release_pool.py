from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.release.holding import Holding
from serving.release.manifest import Manifest, ReleaseMetadata
from serving.release.release import Release
from serving.release.release_pool import one_writer, pool, take_away
from tests.serving.toys import toy_parts, toy_release

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def made(folder: Path, number: int, day: int, whole: bool = True) -> str:
    """A folder that looks like a release, made on a day."""
    name = f"{number:064x}"
    (folder / name).mkdir(parents=True)
    (folder / name / "part").write_bytes(b"12345" if whole else b"1234")
    told = {"sha256": "", "size": 5}
    created = (DAY + timedelta(days=day)).isoformat(timespec="seconds")
    manifest = Manifest("toy", name, created, ReleaseMetadata(), {}, {})
    manifest.save(folder / name / "manifest.json")
    values = json.loads((folder / name / "manifest.json").read_text()) | {"files": {"part": told}}
    (folder / name / "manifest.json").write_text(json.dumps(values))
    return name


def going(holdings: list[Holding]) -> set[str]:
    return {holding.path.name for holding in holdings if holding.goes}


def test_the_newest_stay_and_what_is_needed(tmp_path: Path) -> None:
    names = [made(tmp_path, number, day=number) for number in range(6)]
    found = pool(tmp_path, 2, {names[1]: "live"})
    assert [holding.path.name for holding in found] == names[::-1], "the newest first"
    assert going(found) == {names[0], names[2], names[3]}
    assert [holding.why for holding in found] == [
        "one of the newest 2",
        "one of the newest 2",
        "older than the newest 2",
        "older than the newest 2",
        "live",
        "older than the newest 2",
    ]
    assert found[0].made == DAY + timedelta(days=5) and found[0].size > 5 and found[0].what == "release"
    assert pool(tmp_path / "nothing", 2, {}) == []


def test_a_damaged_one_takes_the_place_of_no_whole_one(tmp_path: Path) -> None:
    whole = [made(tmp_path, number, day=number) for number in range(3)]
    short = made(tmp_path, 10, day=10, whole=False)
    without = made(tmp_path, 11, day=11)
    (tmp_path / without / "part").unlink()
    found = {holding.path.name: holding for holding in pool(tmp_path, 2, {})}
    assert going(list(found.values())) == {whole[0]}
    assert found[short].why == "one of the newest 2; damaged: part has 4 bytes, expected 5"
    assert found[without].why.endswith("damaged: part is missing")
    for number in (12, 13):
        made(tmp_path, number, day=number)
    assert going(pool(tmp_path, 2, {})) == {short, without, *whole}, "older than two whole ones"


def test_what_has_no_manifest_is_as_old_as_its_folder(tmp_path: Path) -> None:
    half = made(tmp_path, 1, day=1)
    (tmp_path / half / "manifest.json").write_text("{")
    old = [made(tmp_path, number, day=number) for number in (2, 3)]
    found = pool(tmp_path, 1, {})
    assert found[0].path.name == half and "manifest.json cannot be read" in found[0].why
    assert going(found) == {old[0]}


def test_what_is_none_of_ours_is_left_alone(tmp_path: Path) -> None:
    for name in ("notes", "ab" * 10, "AB" * 32):
        (tmp_path / name).mkdir()
    (tmp_path / "verdicts.json").touch()
    (tmp_path / ("cd" * 32)).symlink_to(tmp_path / "notes")
    assert pool(tmp_path, 1, {}) == []


def test_what_a_writer_left_behind_goes(tmp_path: Path) -> None:
    release = toy_release(tmp_path)
    folder = release.path.parent
    half = folder / ".aside-x1"
    half.mkdir()
    (half / "manifest.json").write_bytes((release.path / "manifest.json").read_bytes())
    gone = take_away(toy_release(tmp_path, seed=1).path)
    assert going(pool(folder, 5, {})) == {".aside-x1", gone.name}


def test_what_is_taken_away_is_gone_at_once_and_open_files_stay_open(tmp_path: Path) -> None:
    release = toy_release(tmp_path)
    with (release.path / "ensemble.json").open() as file:
        place = take_away(release.path)
        assert not release.path.exists() and place.parent == release.path.parent
        assert file.read().startswith("{")
    with pytest.raises(FileNotFoundError):
        take_away(release.path)
    assert list(release.path.parent.iterdir()) == [place], "nothing of the attempt is left"


WRITES = """
import sys, time
from pathlib import Path
from serving.release.release_pool import one_writer
with one_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_cleans_up_waits_for_who_writes_in_another_process(tmp_path: Path) -> None:
    release = toy_release(tmp_path)
    command = [sys.executable, "-c", WRITES, str(release.path.parent)]
    entered = threading.Event()

    def clean() -> None:
        with one_writer(release.path.parent):
            entered.set()

    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "held\n"
        thread = threading.Thread(target=clean)
        thread.start()
        assert not entered.wait(0.3)
        process.stdin.close()
        thread.join(10)
    assert entered.is_set()


def test_a_thread_that_writes_may_enter_again_and_another_waits(tmp_path: Path) -> None:
    parts = toy_parts(tmp_path / "parts")
    entered = threading.Event()

    def clean() -> None:
        with one_writer(tmp_path / "releases" / "toy"):
            entered.set()

    with one_writer(tmp_path / "releases" / "toy"):
        release = Release.write(parts, tmp_path / "releases", "toy", ReleaseMetadata())
        thread = threading.Thread(target=clean)
        thread.start()
        assert not entered.wait(0.3), "it is not known as the newest yet"
    thread.join(10)
    assert entered.is_set() and release.path.is_dir()


@settings(max_examples=60)
@given(
    days=st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=9),
    keep=st.integers(1, 6),
    wanted=st.sets(st.integers(0, 8)),
)
def test_whatever_lies_there_nothing_goes_that_should_stay(
    days: list[tuple[int, bool]], keep: int, wanted: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = [made(folder, number, day, whole) for number, (day, whole) in enumerate(days)]
        needed = {names[number]: "needed" for number in wanted if number < len(names)}
        gone = going(pool(folder, keep, needed))
        whole = {name: day for name, (day, good) in zip(names, days, strict=True) if good}
        kept = [name for name in whole if name not in gone]
        assert not gone & set(needed)
        assert len(kept) >= min(keep, len(whole))
        newest = sorted(whole.values(), reverse=True)[:keep]
        assert all(whole[name] <= newest[-1] for name in whole if name in gone)
        if len(whole) > keep:
            oldest = [n for n, (day, _) in zip(names, days, strict=True) if day < newest[-1] and n not in needed]
            assert gone >= set(oldest), "and what should go goes"
