"""Files become series: grouped by Series Instance UID, stacked, and read for what they say of themselves."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from carpet.core.errors import Notice, Refused
from carpet.core.study import PetFacts, Series
from carpet.dicom import notices
from carpet.dicom.elements import MULTI_FRAME, SOP_CLASS, FileElements, MalformedFile, read_elements
from carpet.dicom.multiframe import missing_parts, slices_of
from carpet.dicom.pet_facts import IMAGE_TYPE, SERIES_TYPE, SOP_INSTANCE, pet_facts
from carpet.dicom.stack import Stack, frames_in, stack, tag_name
from carpet.dicom.values import MalformedValue, date_of, text_of

MODALITY, STUDY_UID, SERIES_UID = 0x00080060, 0x0020000D, 0x0020000E
PATIENT_ID, SERIES_DESCRIPTION, STUDY_DATE, CHARACTER_SET = 0x00100020, 0x0008103E, 0x00080020, 0x00080005
UTF8 = "ISO_IR 192"
FILE_SET_ID = 0x00041130  # only in a DICOMDIR
PET_IMAGE, CT_IMAGE = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.2"
VOLUMETRIC = frozenset({PET_IMAGE, CT_IMAGE}) | MULTI_FRAME
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and the multi-frame classes below it
PICTURES = frozenset({"MIP", "PROJECTION IMAGE", "REPROJECTION", "MAX_IP"})
MODALITIES_MEASURED = frozenset({"PT", "CT"})
PSEUDONYM_SALT = b"carpet pseudonym 1"  # one patient has one pseudonym everywhere; see docs/decisions on what this protects


@dataclass(frozen=True)
class Catalogue:
    """All series found, the files that could not be read, and how many files were no DICOM at all."""

    series: tuple[Series, ...]
    unreadable: tuple[tuple[Path, Notice], ...]
    other_files: int


def catalogue(files: Iterable[Path]) -> Catalogue:
    """Every DICOM series among `files`. A broken file never stops the rest: it stands in `unreadable`."""
    groups: dict[str, list[FileElements]] = defaultdict(list)
    unreadable: list[tuple[Path, Notice]] = []
    others = 0
    for path in files:
        try:
            elements = read_elements(path)
        except MalformedFile as error:
            unreadable.append((path, notices.FILE_MALFORMED.at("file", str(error))))
            continue
        except OSError as error:
            unreadable.append((path, notices.FILE_MALFORMED.at("file", type(error).__name__)))
            continue
        if elements is None or FILE_SET_ID in elements.elements:
            others += 1
        elif not _text(elements, SERIES_UID) or not _text(elements, SOP_CLASS):
            unreadable.append((path, notices.FILE_MALFORMED.at("file", "no Series Instance UID or no SOP Class UID")))
        else:
            groups[text_of(elements.elements[SERIES_UID])].append(elements)
    series = tuple(_series(uid, members) for uid, members in sorted(groups.items()))
    return Catalogue(tuple(sorted(series, key=lambda s: (s.study_uid, s.modality, s.series_uid))), tuple(unreadable), others)


def _series(uid: str, members: list[FileElements]) -> Series:
    members, conflicts = _one_file_a_uid(members)
    modality = _text(members[0], MODALITY)
    sop_class = _text(members[0], SOP_CLASS)
    stacked = Stack(tuple(members), None, (), ())
    said: tuple[Notice, ...] = ()
    facts = None
    if modality in MODALITIES_MEASURED:
        conflicts += _two_patients(members)
        try:
            slices = [one for member in members for one in _slices(member)]
        except Refused as error:
            conflicts += error.notices
        else:
            stacked = stack(slices)
            conflicts += missing_parts(members)
            if modality == "PT":
                facts, said = _facts(stacked.files)
    found = (*conflicts, *stacked.refusals, *stacked.flags, *said)
    return Series(
        series_uid=uid,
        study_uid=_text(members[0], STUDY_UID),
        patient=pseudonym(_text(members[0], PATIENT_ID) or _text(members[0], STUDY_UID)),
        modality=modality,
        description=_spoken(members[0], SERIES_DESCRIPTION),
        sop_class_uid=sop_class,
        files=tuple(file.path for file in stacked.files),
        grid=stacked.grid,
        pet=facts,
        refusals=tuple(notice for notice in found if notice.severity == "E"),
        flags=tuple(notice for notice in found if notice.severity != "E"),
        date=_date(members[0], STUDY_DATE),
        frames=tuple(file.frame for file in stacked.files) if any(file.frame for file in stacked.files) else (),
    )


def _slices(file: FileElements) -> list[FileElements]:
    """The slices in a file, one or many; raises Refused for what is no slice."""
    sop_class = _text(file, SOP_CLASS)
    many = sop_class in MULTI_FRAME or frames_in(file) > 1
    if many or sop_class not in VOLUMETRIC:
        for tag in (IMAGE_TYPE, SERIES_TYPE):
            if PICTURES & set(_text(file, tag).split("\\")):
                raise Refused(notices.DERIVED_IMAGE.at(tag_name(tag), _text(file, tag)))
    if sop_class == SECONDARY_CAPTURE or sop_class.startswith(f"{SECONDARY_CAPTURE}."):
        raise Refused(notices.DERIVED_IMAGE.at(tag_name(SOP_CLASS), f"secondary capture, {sop_class}"))
    if sop_class not in VOLUMETRIC:
        raise Refused(notices.SOP_CLASS_UNSUPPORTED.at(tag_name(SOP_CLASS), sop_class))
    return slices_of(file) if many else [file]


def _facts(files: tuple[FileElements, ...]) -> tuple[PetFacts | None, tuple[Notice, ...]]:
    try:
        facts, said = pet_facts(files)
    except MalformedValue as error:
        return None, (notices.FILE_MALFORMED.at("(0054,0016)", str(error)),)
    return facts, said


def _one_file_a_uid(members: list[FileElements]) -> tuple[list[FileElements], tuple[Notice, ...]]:
    """Exact copies of a file are dropped; one UID for two different files is a conflict, and the first is kept."""
    kept: dict[str, FileElements] = {}
    conflicts = []
    for member in members:
        uid = _text(member, SOP_INSTANCE)
        if uid not in kept:
            kept[uid] = member
        elif kept[uid].path.read_bytes() != member.path.read_bytes():
            conflicts.append(notices.UID_CONFLICT.at("(0008,0018)", uid))
    return list(kept.values()), tuple(conflicts)


def _two_patients(members: list[FileElements]) -> tuple[Notice, ...]:
    """A refusal where one Series Instance UID stands for two patients; record numbers are not shown."""
    if len({_text(member, PATIENT_ID) for member in members}) == 1:
        return ()
    return (notices.SERIES_TAG_VARIES.at(tag_name(PATIENT_ID), "different values, not shown", more="PatientID"),)


@cache  # slow on purpose, and asked for every series of a patient
def pseudonym(patient_id: str) -> str:
    """A stable name for a patient that is not the record number; scrypt makes guessing record numbers slow, not impossible."""
    digest = hashlib.scrypt(patient_id.encode(), salt=PSEUDONYM_SALT, n=2**12, r=8, p=1, dklen=5)
    return f"P-{digest.hex()}"


def _text(file: FileElements, tag: int) -> str:
    element = file.elements.get(tag)
    return text_of(element) if element else ""


def _spoken(file: FileElements, tag: int) -> str:
    """Free text in the file's own character set, as far as it is UTF-8; the bytes are kept visible otherwise."""
    element = file.elements.get(tag)
    if element and UTF8 in _text(file, CHARACTER_SET):
        return element.raw.decode("utf-8", errors="backslashreplace").strip("\0 \t\r\n")
    return _text(file, tag)


def _date(file: FileElements, tag: int) -> dt.date | None:
    try:
        return date_of(_text(file, tag)) if tag in file.elements else None
    except MalformedValue:
        return None
