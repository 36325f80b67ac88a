"""Contract: one patient, one pseudonym and one number of days, always; the key file is whole, private, and tells the way back."""

from __future__ import annotations

import json
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from carpet.core.errors import ProtocolError
from carpet.dicom.deid.key import MOST_DAYS_BACK, Key, Person, key_for, new_key, read_key

ANNA, BORIS = Person("MRN-4711-0815", "Berghof"), Person("MRN-0007", "")


def test_a_new_file_is_private_and_tells_who_is_who(tmp_path: Path) -> None:
    path = tmp_path / "trial.key.json"
    key = key_for(path, [ANNA])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    row = json.loads(path.read_text())["patients"][0]
    alias = key.alias(ANNA)
    assert row == {"pseudonym": alias.pseudonym, "patient_id": "MRN-4711-0815", "issuer": "Berghof", "days_back": alias.days_back}
    assert re.fullmatch(r"P-[0-9a-f]{12}", alias.pseudonym)
    assert [file.name for file in tmp_path.iterdir()] == ["trial.key.json"]


def test_the_next_run_gives_the_same_and_adds_who_is_new(tmp_path: Path) -> None:
    path = tmp_path / "key"
    first = key_for(path, [ANNA])
    second = key_for(path, [BORIS])
    assert second.people == (ANNA, BORIS)
    assert second.alias(ANNA) == first.alias(ANNA)
    assert read_key(path) == second
    before = path.stat().st_ino
    assert key_for(path, [ANNA]) == second
    assert path.stat().st_ino == before  # nothing new, nothing written


def test_patients_differ_also_by_issuer_only_and_keys_have_nothing_in_common() -> None:
    key, other = new_key(), new_key()
    people = [Person(f"{number}", issuer) for number in range(200) for issuer in ("", "A")]
    aliases = [key.alias(person) for person in people]
    assert len({alias.pseudonym for alias in aliases}) == len(people)
    assert all(1 <= alias.days_back <= MOST_DAYS_BACK for alias in aliases)
    assert len({alias.days_back for alias in aliases}) > 300
    assert not {alias.pseudonym for alias in aliases} & {other.alias(person).pseudonym for person in people}


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", '{"schema": 1, "secret": "00", "patients": []}', '{"schema": 9, "secret": "", "patients": []}', "[" * 100_000],
)
def test_what_is_no_key_file_is_refused_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(ProtocolError, match="no key file"):
        key_for(path, [ANNA])
    assert path.read_text() == content


def test_a_damaged_secret_is_found_before_anyone_gets_a_second_pseudonym(tmp_path: Path) -> None:
    path = tmp_path / "key"
    secret = key_for(path, [ANNA]).secret.hex()
    path.write_text(path.read_text().replace(secret, ("0" if secret[0] != "0" else "1") + secret[1:]))
    with pytest.raises(ProtocolError, match="damaged"):
        key_for(path, [ANNA])


def test_nothing_secret_in_what_a_log_would_show() -> None:
    key = Key(b"s" * 32, (ANNA,))
    assert "4711" not in repr(key) + repr(ANNA) + repr(key.alias(ANNA))
    assert "ssss" not in repr(key) + repr(key.alias(ANNA))


def test_runs_at_once_share_one_secret_and_lose_no_patient(tmp_path: Path) -> None:
    people = [Person(f"MRN-{number}", "") for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        keys = list(pool.map(lambda person: key_for(tmp_path / "key", [person]), people))
    assert len({key.secret for key in keys}) == 1
    assert set(read_key(tmp_path / "key").people) == set(people)
    assert [file.name for file in tmp_path.iterdir()] == ["key"]
