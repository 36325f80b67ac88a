"""Which lymphomas take up FDG reliably, so that PET decides the response, and which do not, so that CT does.

Source: Barrington 2014 J Clin Oncol 32:3048 and Cheson 2014 32:3059: all nodal lymphomas but chronic lymphocytic leukaemia (small
lymphocytic lymphoma), lymphoplasmacytic lymphoma (Waldenström), mycosis fungoides and marginal zone lymphoma, unless these transform.
"""

from __future__ import annotations

import re
import unicodedata

# whole names as they are written, in small letters without marks; a longer text, such as "transformed CLL", is none of them
VARIABLE = frozenset(
    {
        *("cll", "sll", "cll sll", "sll cll", "chronic lymphocytic leukemia", "small lymphocytic lymphoma", "b cll"),
        *("chronic lymphocytic leukemia small lymphocytic lymphoma", "lpl", "lymphoplasmacytic lymphoma", "wm"),
        *("waldenstrom macroglobulinemia", "waldenstroms macroglobulinemia", "waldenstrom s macroglobulinemia", "waldenstrom"),
        *("mf", "mycosis fungoides", "mzl", "nmzl", "smzl", "emzl", "marginal zone lymphoma", "nodal marginal zone lymphoma"),
        *("splenic marginal zone lymphoma", "extranodal marginal zone lymphoma", "malt", "malt lymphoma"),
    }
)
RELIABLE = frozenset(
    {
        *("dlbcl", "dlbcl nos", "diffuse large b cell lymphoma", "lbcl", "large b cell lymphoma", "hgbl", "hgbcl"),
        *("high grade b cell lymphoma", "pmbcl", "pmbl", "primary mediastinal b cell lymphoma"),
        "primary mediastinal large b cell lymphoma",
        *("fl", "follicular lymphoma", "tfl", "transformed follicular lymphoma", "mcl", "mantle cell lymphoma"),
        *("bl", "burkitt lymphoma", "hl", "hodgkin lymphoma", "chl", "classical hodgkin lymphoma", "classic hodgkin lymphoma"),
    }
)
NOT_A_LETTER = re.compile(r"[^a-z0-9]+")


def reliably_avid(histology: str | None) -> bool | None:
    """Whether a lymphoma of this name takes up FDG reliably; None for no name, or one that is in neither list: it is not guessed at."""
    plain = unicodedata.normalize("NFKD", histology or "").encode("ascii", "ignore").decode().lower()
    name = NOT_A_LETTER.sub(" ", plain.replace("aemia", "emia").replace("kaem", "kem")).strip()
    return False if name in VARIABLE else True if name in RELIABLE else None
