"""Contract: a study appears whole or not at all, and no hidden folder outlives its run."""

from __future__ import annotations

from pathlib import Path

import pytest

from carpet.run.deid_place import HIDDEN, appear, hidden_part


def test_the_folder_and_what_was_made_for_it_are_gone_afterwards(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with hidden_part(out) as part:
        assert part.parent == out
        (part / "file").touch()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), hidden_part(out):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_dead_run_is_cleared_up_after_and_a_living_one_left_alone(tmp_path: Path) -> None:
    dead, foreign = tmp_path / f"{HIDDEN}dead", tmp_path / ".carpet-measure"
    (dead / "study").mkdir(parents=True)
    foreign.mkdir()
    with hidden_part(tmp_path) as first, hidden_part(tmp_path) as second:
        assert set(tmp_path.iterdir()) == {first, second, foreign}


def test_a_study_appears_whole(tmp_path: Path) -> None:
    made, target = tmp_path / "made", tmp_path / "P-1" / "20240101-abcdef"
    (made / "01").mkdir(parents=True)
    (made / "01" / "00001.dcm").write_bytes(b"x")
    appear(made, target)
    assert (target / "01" / "00001.dcm").read_bytes() == b"x"
    assert not made.exists()


def test_another_study_at_the_place_is_not_touched(tmp_path: Path) -> None:
    made, target = tmp_path / "made", tmp_path / "P-1" / "20240101-abcdef"
    for folder, content in ((made, b"new"), (target, b"old")):
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(content)
    with pytest.raises(OSError, match="not empty"):
        appear(made, target)
    assert ((made / "file").read_bytes(), (target / "file").read_bytes()) == (b"new", b"old")
