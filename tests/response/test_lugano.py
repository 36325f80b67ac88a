"""Truth: METHODS D.5, the table of PET and CT, typed by hand."""

from __future__ import annotations

import pytest

from carpet.response.lugano import lugano

TABLE = {
    "CMR": ("CR", "CR", "CR", "DISCORDANT"),
    "PMR": ("PR", "PR", "PR", "DISCORDANT"),
    "NMR": ("SD", "SD", "SD", "PD"),
    "PMD": ("PD", "PD", "PD", "PD"),
}


@pytest.mark.parametrize("pet", TABLE)
def test_both(pet: str) -> None:
    assert tuple(lugano(pet, ct).category for ct in ("CR", "PR", "SD", "PD")) == TABLE[pet]


@pytest.mark.parametrize("ct", ["CR", "PR", "SD", "PD", "NE"])
def test_ct_decides_where_pet_does_not_count(ct: str) -> None:
    assert lugano("NE", ct).category == ct
    assert lugano("CMR", ct, fdg_avid=False).category == ct


def test_pet_decides_where_ct_is_missing() -> None:
    assert [lugano(pet, "NE").category for pet in ("CMR", "PMR", "NMR", "PMD")] == ["CR", "PR", "SD", "PD"]
