from __future__ import annotations

from pathlib import Path

import pytest

from serving.triton.deployment.verdicts import FILE, Verdicts
from serving.triton.repository.live_release import LiveRelease

A, B, C, D = (letter * 64 for letter in "abcd")


def live(release: str, previous: str | None = None, challenger: str | None = None) -> LiveRelease:
    return LiveRelease("shop", release, previous, challenger, 0.1 if challenger else 0.0)


def against(verdicts: Verdicts) -> dict[str, tuple[str, str]]:
    return {release: (verdict.kind, verdict.successor) for release, verdict in verdicts.against.items()}


def test_what_is_left_for_an_earlier_release_is_remembered() -> None:
    found = Verdicts().after(live(B, A), live(A, B), back=True)
    assert against(found) == {B: ("rolled_back", A)}
    assert found.against[B].time.endswith("+00:00")
    assert against(found.after(live(A, B), live(C, A))) == {B: ("rolled_back", A)}, "another release lifts nothing"


def test_going_forward_again_takes_it_back() -> None:
    back = Verdicts().after(live(B, A), live(A, B), back=True)
    assert against(back.after(live(A, B), live(B, A), back=True)) == {}
    assert against(back.after(live(A, B), live(B, A))) == {}, "as does a command that deploys it"


def test_stepping_back_to_what_was_left_for_another_one_is_a_step_back_all_the_same() -> None:
    left = Verdicts().after(live(B, A), live(A, B), back=True)
    assert against(left.after(live(C, A), live(B, C), back=True)) == {C: ("rolled_back", B)}


def test_who_ends_a_rollout_decides_against_its_candidate() -> None:
    tried = live(A, None, C)
    assert against(Verdicts().after(tried, live(A))) == {C: ("ended", A)}
    assert against(Verdicts().after(tried, live(A, None, D))) == {C: ("ended", A)}, "another one takes its place"
    assert against(Verdicts().after(tried, live(A, None, C))) == {}, "other shares decide nothing"
    assert against(Verdicts().after(tried, live(C, A))) == {}, "it was promoted"
    both = Verdicts().after(live(B, A, C), live(A, B), back=True)
    assert against(both) == {B: ("rolled_back", A), C: ("ended", A)}


def test_trying_again_lifts_nothing_and_promoting_does() -> None:
    ended = Verdicts().after(live(A, None, C), live(A))
    again = ended.after(live(A), live(A, None, C))
    assert against(again) == {C: ("ended", A)}
    assert against(again.after(live(A, None, C), live(C, A))) == {}


def test_what_waits_waits_until_its_turn_or_for_a_newer_one() -> None:
    waiting = Verdicts().with_waiting(C)
    assert waiting.waiting is not None and waiting.waiting.release == C
    assert waiting.with_waiting(C) is waiting, "since it began"
    assert waiting.with_waiting(D).waiting != waiting.waiting
    assert waiting.after(live(A), live(C, A)).waiting is None
    assert waiting.after(live(A), live(A, None, C)).waiting is None, "it is tried"
    assert waiting.after(live(A, None, B), live(B, A)).waiting == waiting.waiting, "another one was promoted"
    assert waiting.without_waiting() == Verdicts()


def test_it_is_read_back(tmp_path: Path) -> None:
    assert Verdicts.load(tmp_path) is None
    for verdicts in (Verdicts(), Verdicts().after(live(B, A), live(A, B), back=True).with_waiting(C)):
        verdicts.save(tmp_path)
        assert Verdicts.load(tmp_path) == verdicts
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"against": {"a": {"time": 1}}, "waiting": null}', '"\xff"'])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=r"verdicts\.json is damaged, expected .*; restore it, or remove it"):
        Verdicts.load(tmp_path)
