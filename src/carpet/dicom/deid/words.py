"""Words that name nobody: what de-identification keeps of free text, and the codes whose meaning DICOM itself publishes."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any

# Free text is kept word by word, and only these words: of imaging, of scanners, of DICOM's defined terms. None is a name in common use.
WORDS_BY_TOPIC = {
    "examination and tracer": (
        "pet ct pt wb ac nac attn uncorrected corrected fdg fdgpet petct wholebody whole body torso total fluorodeoxyglucose "
        "deoxyglucose fluoro fluorine glucose psma dotatate dotatoc choline fdopa flt naf gallium suv suvbw tracer oncology onco "
        "diagnostic low dose ldct lowdose attenuation correction ctac contrast iv oral portal venous phase native plain "
    ),
    "planes, places, postures": (
        "axial transaxial coronal sagittal oblique head neck chest thorax abdomen pelvis thigh skull brain extremity extremities "
        "wholebody vertex eyes midthigh midthighs feet toes arms up supine prone hfs hfp ffs ffp hfdr hfdl orbital meatal line om "
        "sternal notch iliac crest xiphoid "
    ),
    "times and kinds of scan": (
        "scan series study static dynamic gated delayed delays early late follow baseline interim staging restaging original derived "
        "primary secondary image images reformatted mpr average mip localizer scout topogram emission transmission listmode "
        "volume sampled distorted resampled recon reconstruction reconstructed standard fusion fused filtered filter slice slices "
        "thin thick mm cm kg ml bqml bq sec kv deg per and of for the with without "
    ),
    "reconstruction and corrections": (
        "osem psf tof fbp ramla lor vpfx fx hd truex trux ultrahd qclear qcfx sharpir blob os tf dlyd decy scat dtim motn pmot cln ran "
        "radl dcal norm slsens ransng sing scatter randoms decay dead time normalization geometric sensitivity model based simul ss sg "
        "measured mu map mumap ctacsg iterative iterations subsets iter gauss gaussian xyz hann butterworth ramp all pass none "
        "start admin wo asir asirv safire admire idose adaptive statistical deep learning dlir precise dl soft tissue lung bone "
        "plus detail edge smooth br bf bl bv hr qr hc fc kernel td bpl regularized relative absolute convolution "
    ),
    "units and terms of PET": (
        "propcnts cnts gml cm pcnt cps umolml mgminml mgmlmin bsa bw lbm ibw lbmjames lbmjanma lbmmorgan counts other unknown "
        "step continuous automatic manual auto manu dens coun count cylindrical ring rectangle circle multiple planar planes "
        "energy window no yes modified unmodified removed monochrome iso us ss stationary clamshell "
    ),
    "terms of CT and of enhanced images": (
        "true false identity inverse back proj wedge butterfly flat ec xy positron single photon calculated concurrent separate "
        "simultaneous rebinned service spine cspine tspine lspine liver heart breast leg knee hip shoulder "
        "cw cc mode clockwise spiral sequenced constant angle helical axials body sphere cone source detector tube current nominal "
        "mixed product research physics brighter darker linear exact sigmoid full field acquisition circular "
        "reprojection maximum mean median minimum multiplication resampling addition subtraction rest stress prospective retrospective "
        "respiratory cardiac triggered free breathing breath hold direct indirect rs rcb in out tomography tomo frame "
    ),
    "makers and scanners": (
        "ge medical systems healthcare healthineers siemens philips uih united imaging canon toshiba cps discovery advance lightspeed "
        "signa omni legend optima revolution biograph mct vision quadra horizon truepoint emotion sensation hirez somatom "
        "definition flash edge gemini ingenuity vereos precedence brilliance cartesion celesteion aquilion umi upmr uct "
        "explorer adac mediso vct st ste rx mi iq gen es vg va vb vc vx xr ls"
    ),
}
WORDS = frozenset(" ".join(WORDS_BY_TOPIC.values()).split())
EXACT = frozenset({"HU"})  # a unit where it stands alone; beside other words it is a name
SINGLE_LETTERS = 3  # in one text: 3i21s, B30f, L\P
WHOLE_DIGITS = 6  # of all whole numbers in one text: an accession number may have letters between its digits
_PIECE = re.compile(r"[A-Za-z]+|0?\.\d{1,6}|\d{1,3}(?:\.\d{1,2})?(?![\d.])|\d[\d.]*")
_NUMBER = re.compile(r"0?\.\d{1,6}|\d{1,3}(?:\.\d{1,2})?")
_DAY_AND_MONTH = re.compile(r"\d{1,2}\.(0[1-9]|1[0-2])")  # 12.05: as likely a day of scan or birth as a length
_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;+\-/()\[\]%^&#*=\'\"]*")
REMOVED = "REMOVED"  # says that a text stood here; some objects need one
LONG_STRING = 64  # characters, PS3.5 Table 6.2-1
SCHEMES_OF_SNOMED = frozenset({"SCT", "SRT", "SNM3", "99SDM"})
OLD_CODES = {("99SDM", "Y-X1743"): "Fluorodeoxyglucose F^18^"}  # GE; in no published table


def harmless(text: str) -> bool:
    """Whether a text consists of known words and small numbers only, no two numbers side by side: it can then stand as it is."""
    if text in EXACT:
        return True
    known = all(len(piece) == 1 or piece.lower() in WORDS for piece in _PIECE.findall(text) if piece.isalpha())
    return known and _PLAIN.fullmatch(text) is not None and spells_nothing(text)


def spells_nothing(text: str) -> bool:
    """Whether single letters and numbers in a text are too few, short and far apart to be initials, a date or a record number."""
    pieces = _PIECE.findall(text)
    numbers = [piece for piece in pieces if not piece.isalpha()]
    return (
        sum(len(piece) == 1 for piece in pieces if piece.isalpha()) <= SINGLE_LETTERS
        and sum(len(number) for number in numbers if number.isdigit()) <= WHOLE_DIGITS
        and all(_NUMBER.fullmatch(number) and not _DAY_AND_MONTH.fullmatch(number) for number in numbers)
        and all(one.isalpha() or other.isalpha() for one, other in pairwise(pieces))
    )


def cleaned_words(text: str) -> str:
    """The text as it is where it is harmless; otherwise its known words alone, without numbers; REMOVED where none is left."""
    text = text.strip()
    if len(text) <= LONG_STRING and harmless(text):
        return text
    return known_words(text)


def known_words(text: str) -> str:
    """The known words of a text alone, without numbers; REMOVED where there is none."""
    kept = [piece for piece in re.split(r"[^A-Za-z]+", text) if len(piece) > 1 and piece.lower() in WORDS]
    while len(" ".join(kept)) > LONG_STRING:
        kept.pop()
    return " ".join(kept) or REMOVED


def values_apart(texts: list[str]) -> list[str]:
    """Cleaned values of one attribute, so that they don't say together what none may say alone: 13, 05, 76; then their words alone."""
    return texts if spells_nothing(" ".join(texts)) else [known_words(text) if text else "" for text in texts]


def term(text: str) -> str:
    """A defined term as it is where it is harmless, else OTHER: what was refused for a strange term stays refused."""
    text = text.strip()
    return text if harmless(text) else "OTHER"


def code_meaning(scheme: str, value: str) -> str | None:
    """The published meaning of a code, in at most 64 ASCII characters; None for a code that DICOM does not publish."""
    meaning = OLD_CODES.get((scheme, value)) or _meanings().get(("SCT" if scheme in SCHEMES_OF_SNOMED else scheme, value))
    if meaning is None or not meaning.isascii():
        return None
    return meaning[:LONG_STRING].rstrip()


@cache
def _meanings() -> dict[tuple[str, str], str]:
    """Every code of DICOM's context groups (PS3.16), and SNOMED's older codes under their present meaning."""
    from pydicom.sr import _concepts_dict, _snomed_dict

    concepts: Any = _concepts_dict.concepts

    found = {
        (scheme, value): meaning
        for scheme, keywords in concepts.items()
        for codes in keywords.values()
        for value, (meaning, _) in codes.items()
    }
    old = {("SCT", srt): found[("SCT", sct)] for srt, sct in _snomed_dict.mapping["SRT"].items() if ("SCT", sct) in found}
    return old | found
