"""Truth: paper (SNOMED CT codes as in DICOM CID 7600 and METHODS §K.3)."""

from __future__ import annotations

import pytest

from carpet.anatomy.sites import SITES, site_of
from carpet.core.lesion import Kind


@pytest.mark.parametrize(
    ("word", "code", "kind"),
    [
        ("mediastinal", "62683002", Kind.NODAL),
        ("Inguinal lymph node", "8928004", Kind.NODAL),
        ("17861009", "17861009", Kind.NODAL),
        ("waldeyer-ring", "17861009", Kind.NODAL),
        ("Small Intestine", "30315005", Kind.EXTRANODAL),
        ("spleen", "78961009", Kind.SPLEEN),
        ("marrow", "14016003", Kind.MARROW),
        ("brain", "12738006", Kind.EXTRANODAL),
    ],
)
def test_a_site_is_found_by_name_code_or_meaning(word: str, code: str, kind: Kind) -> None:
    site = site_of(word)
    assert site is not None
    assert (site.code.value, site.code.scheme, site.kind) == (code, "SCT", kind)


def test_no_site_is_guessed() -> None:
    assert site_of("mediast") is None
    assert site_of("") is None


def test_no_code_stands_for_two_sites() -> None:
    codes = [site.code.value for site in SITES.values()]
    assert len(codes) == len(set(codes))
