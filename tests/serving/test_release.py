from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from serving.built_with import write_built_with
from serving.manifest import DayRange, ReleaseMetadata
from serving.permissions import permitted
from serving.release import Release

METADATA = ReleaseMetadata({"demo/items": "v1"}, "c0de", {"columns": []}, {"ndcg@10": 0.2}, DayRange("a", "b"))


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    folder = tmp_path / "parts"
    for part, text in (("towers", "weights"), ("index", "vectors")):
        (folder / part).mkdir(parents=True)
        (folder / part / "data.bin").write_text(text)
        write_built_with(folder / part, workflow="1" * 64)
    (folder / "ensemble.json").write_text("{}")
    return folder


def write(parts: Path, root: Path, metadata: ReleaseMetadata = METADATA) -> Release:
    return Release.write(parts, root / "releases", "demo", metadata)


def test_a_release_lies_under_its_name_and_hash(parts: Path, tmp_path: Path) -> None:
    release = write(parts, tmp_path)
    assert release.path == tmp_path / "releases" / "demo" / release.hash
    opened = Release.open(release.path)
    assert opened.manifest == release.manifest and opened.manifest.metadata == METADATA
    assert opened.built_with == {"workflow": "1" * 64}
    assert opened.manifest.size == sum(f.stat().st_size for f in parts.rglob("*") if f.is_file())
    assert [p.name for p in release.path.parent.iterdir()] == [release.hash], "something was left aside"


def test_the_hash_depends_on_content_and_lineage_only(parts: Path, tmp_path: Path) -> None:
    release = write(parts, tmp_path)
    assert write(parts, tmp_path / "elsewhere").hash == release.hash
    assert write(parts, tmp_path, replace(METADATA, metrics={"ndcg@10": 0.9})).hash == release.hash
    assert write(parts, tmp_path, replace(METADATA, data_versions={"demo/items": "v2"})).hash != release.hash
    assert write(parts, tmp_path, replace(METADATA, continued=DayRange("b", "c"))).hash != release.hash
    (parts / "index" / "data.bin").write_text("other vectors")
    assert write(parts, tmp_path).hash != release.hash


def test_writing_the_same_again_keeps_the_first(parts: Path, tmp_path: Path) -> None:
    release = write(parts, tmp_path)
    before = (release.path / "manifest.json").read_text()
    write(parts, tmp_path)
    assert (release.path / "manifest.json").read_text() == before


def test_a_damaged_file_is_refused_by_its_name(parts: Path, tmp_path: Path) -> None:
    release = write(parts, tmp_path)
    file = release.path / "towers" / "data.bin"
    file.chmod(0o644)
    file.write_text("weightz")
    with pytest.raises(ValueError, match=r"towers/data\.bin is damaged"):
        Release.open(release.path)
    file.unlink()
    with pytest.raises(FileNotFoundError, match=r"towers/data\.bin is missing"):
        Release.open(release.path)


def test_an_added_file_and_a_changed_manifest_are_refused(parts: Path, tmp_path: Path) -> None:
    release = write(parts, tmp_path)
    (release.path / "more.txt").write_text("")
    with pytest.raises(ValueError, match=r"more\.txt does not belong"):
        Release.open(release.path)
    (release.path / "more.txt").unlink()
    manifest = release.path / "manifest.json"
    data = json.loads(manifest.read_text())
    data["metadata"]["data_versions"]["demo/items"] = "v7"
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(data))
    with pytest.raises(ValueError, match=r"manifest\.json does not match its hash"):
        Release.open(release.path)
    manifest.write_text("{")
    with pytest.raises(ValueError, match=r"manifest\.json is damaged"):
        Release.open(release.path)


def test_files_of_a_release_are_read_only(parts: Path, tmp_path: Path) -> None:
    release = write(parts, tmp_path)
    modes = {file.stat().st_mode & 0o777 for file in release.path.rglob("*") if file.is_file()}
    assert modes == {permitted(0o444)}


def test_parts_of_two_releases_refuse_to_work_together(parts: Path, tmp_path: Path) -> None:
    write_built_with(parts / "index", workflow="2" * 64)
    with pytest.raises(ValueError, match=r"'index' and 'towers'.*workflow 2{12}.*workflow 1{12}"):
        write(parts, tmp_path)
    assert not (tmp_path / "releases").exists()


def test_mixed_parts_are_refused_when_loaded_too(parts: Path, tmp_path: Path) -> None:
    one = write(parts, tmp_path)
    for part in ("index", "towers"):
        write_built_with(parts / part, workflow="2" * 64)
    two = write(parts, tmp_path)
    one.path.chmod(0o755)
    shutil.rmtree(one.path / "index")
    shutil.copytree(two.path / "index", one.path / "index")
    with pytest.raises(ValueError, match=r"index/lineage\.json is damaged"):
        Release.open(one.path)


def test_what_could_run_code_or_change_later_is_left_out(parts: Path, tmp_path: Path) -> None:
    (parts / "index" / "model.pkl").write_text("")
    with pytest.raises(ValueError, match=r"model\.pkl could execute code"):
        write(parts, tmp_path)
    (parts / "index" / "model.pkl").unlink()
    (parts / "index" / "link").symlink_to(parts / "towers")
    with pytest.raises(ValueError, match="symbolic link"):
        write(parts, tmp_path)


def test_a_release_needs_an_ensemble(parts: Path, tmp_path: Path) -> None:
    (parts / "ensemble.json").unlink()
    with pytest.raises(ValueError, match=r"no ensemble\.json"):
        write(parts, tmp_path)


def test_an_interrupted_copy_leaves_nothing(parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        write(parts, tmp_path)
    assert list((tmp_path / "releases" / "demo").iterdir()) == []


@pytest.mark.parametrize("harm", ["changed", "lost"])
def test_a_copy_that_is_not_what_was_hashed_is_no_release(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    whole = shutil.copyfile

    def faulty(source: str, target: str) -> str:
        if source.endswith("ensemble.json") and harm == "lost":
            return target
        copied = str(whole(source, target))
        if source.endswith("ensemble.json"):
            Path(target).write_text(Path(target).read_text() + " ")
        return copied

    monkeypatch.setattr(shutil, "copyfile", faulty)
    with pytest.raises((ValueError, FileNotFoundError), match=r"ensemble\.json (is damaged|is missing)"):
        write(parts, tmp_path)
    assert list((tmp_path / "releases" / "demo").iterdir()) == []


def test_parts_are_found_and_loaded_once(parts: Path, tmp_path: Path) -> None:
    release = write(parts, tmp_path)
    assert release.part("index/data.bin").read_text() == "vectors"
    assert release.shared("index", lambda path: object()) is release.shared("index", lambda path: object())
    with pytest.raises(FileNotFoundError, match=r"no part 'ranker'; it has ensemble\.json, index, towers"):
        release.part("ranker")


def test_a_folder_without_manifest_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="is no release"):
        Release.open(tmp_path)


def test_what_lies_outside_is_found_where_this_machine_has_it(parts: Path, tmp_path: Path) -> None:
    release = Release.write(parts, tmp_path / "releases", "demo", ReleaseMetadata())
    outside = release.outside("../../../feast/demo")
    assert outside == tmp_path.resolve() / "feast" / "demo"  # and not by way of a folder that may be moved away
    release.beside = Path("/features")
    assert release.outside("../../../feast/demo") == Path("/features/demo")
    assert release.outside("/srv/feast/demo") == Path("/srv/feast/demo")
