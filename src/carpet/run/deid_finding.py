"""What there is to de-identify: the DICOM files of a folder by study, in an order that no file name decides."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from carpet.dicom.deid.key import Person
from carpet.dicom.elements import FileElements, MalformedFile, read_elements
from carpet.dicom.series import FILE_SET_ID, PATIENT_ID, SERIES_UID, STUDY_DATE, STUDY_UID
from carpet.dicom.values import text_of

SOP_CLASS, SOP_INSTANCE, ISSUER, INSTANCE_NUMBER, SERIES_NUMBER = 0x00080016, 0x00080018, 0x00100021, 0x00200013, 0x00200011
NUMBER_DIGITS = 12  # of an IS, PS3.5 Table 6.2-1


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM file on its way: where it is, and what it belongs to as the hospital has it. `number`: of series and instance."""

    path: Path
    syntax: str
    person: Person
    study_uid: str
    series_uid: str
    sop_uid: str
    study_date: str
    number: tuple[int, int]

    def __repr__(self) -> str:
        return "Instance(…)"  # must not reach a log


def folders_below(source: Path) -> tuple[int, int]:
    """How many folders may not be listed or entered, and how many are links, which nobody follows."""
    closed: list[OSError] = []
    barred = linked = 0
    for folder, subfolders, _ in os.walk(source, onerror=closed.append) if source.is_dir() else ():
        barred += not os.access(folder, os.X_OK)
        linked += sum(os.path.islink(os.path.join(folder, name)) for name in subfolders)
    return len(closed) + barred, linked


def studies_in(files: Iterable[Path]) -> list[list[Instance]]:
    """The DICOM instances by study; files that are none, or broken, are left to the catalogue to tell."""
    studies: dict[str, list[Instance]] = defaultdict(list)
    for path in files:
        with suppress(MalformedFile, OSError):
            elements = read_elements(path)
            if elements is not None and FILE_SET_ID not in elements.elements and _text(elements, SERIES_UID) and _text(elements, SOP_CLASS):
                studies[_text(elements, STUDY_UID)].append(_instance(path, elements))
    return [sorted(studies[uid], key=lambda one: (one.number, one.sop_uid)) for uid in sorted(studies)]


def _instance(path: Path, elements: FileElements) -> Instance:
    return Instance(
        path=path,
        syntax=elements.transfer_syntax,
        person=Person(_text(elements, PATIENT_ID), _text(elements, ISSUER)),
        study_uid=_text(elements, STUDY_UID),
        series_uid=_text(elements, SERIES_UID),
        sop_uid=_text(elements, SOP_INSTANCE),
        study_date=_text(elements, STUDY_DATE),
        number=(_number(elements, SERIES_NUMBER), _number(elements, INSTANCE_NUMBER)),
    )


def _text(file: FileElements, tag: int) -> str:
    element = file.elements.get(tag)
    return text_of(element) if element else ""


def _number(file: FileElements, tag: int) -> int:
    text = _text(file, tag)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS else 0
