"""`carpet send`: the DICOM results of one study to the archive that holds its scan, under the patient's identity there, and read back."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carpet.core.errors import ProtocolError, Refused
from carpet.dicom import notices
from carpet.dicom.elements import MalformedFile, parsing
from carpet.dicom.network.dicomweb import Row, header_of, instance_blocks, series_of, store, studies_of
from carpet.dicom.network.http import Server
from carpet.dicom.network.landing import is_uid
from carpet.dicom.seg import MANUFACTURER, MODEL
from carpet.dicom.series import pseudonym
from carpet.run.terminal import counted, printable_lines

if TYPE_CHECKING:
    from pydicom import Dataset

RESULT_CAP_BYTES = 2**30
SCANS = frozenset({"PT", "CT"})
REFERENCED_UID, CHARACTER_SET = 0x00081155, 0x00080005
UNREVIEWED = "UNREVIEWED"
# Patient and General Study modules: what the archive says, carpet's copy says too. Empty where the archive says nothing (type 2) …
OF_THE_ARCHIVE = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    *("StudyID", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"),
)
OF_THE_ARCHIVE_IF_SAID = ("IssuerOfPatientID", "StudyDescription")  # … or absent (type 3)
Say = Callable[[str], None]


@dataclass(frozen=True)
class ResultFile:
    """One DICOM file that `carpet measure` wrote."""

    name: str
    data: Dataset

    @property
    def uid(self) -> str:
        return str(self.data.SOPInstanceUID)


def send(server: Server, folder: Path, say: Say) -> dict[str, Any]:
    """Store the results in `folder` beside their scan and compare what the archive gives back; returns a document, raises Refused."""
    results = results_in(folder)
    study = str(results[0].data.StudyInstanceUID)
    say("asking for the scan")
    header = _scan_header(server, study, _referenced(results))
    _check_patient(server, header, study, str(results[0].data.PatientID))
    identified = [ResultFile(one.name, _identified(one.data, header, server)) for one in results]
    say("storing")
    store(server, study, [_bytes(one.data) for one in identified], [one.uid for one in identified])
    for one in identified:
        say(f"reading back {one.name}")
        _check_stored(server, study, one)
    return {
        "schema": 1,
        "server": server.origin,
        "study_uid": study,
        "stored": [{"file": one.name, "sop_class_uid": str(one.data.SOPClassUID), "sop_instance_uid": one.uid} for one in identified],
        "read_back": "equal",
        "unreviewed": any(_says_unreviewed(one.data) for one in results),
    }


def results_in(folder: Path) -> tuple[ResultFile, ...]:
    """The DICOM files in `folder` that carpet made, by name; raises Refused unless they are of one study and patient."""
    if not folder.is_dir():
        raise ProtocolError(f"there is no folder {str(folder)!r}")
    found = tuple(ResultFile(path.name, _read(path)) for path in sorted(folder.glob("*.dcm")) if path.is_file())
    mine = tuple(one for one in found if (one.data.get("Manufacturer"), one.data.get("ManufacturerModelName")) == (MANUFACTURER, MODEL))
    whose = {(str(one.data.get("StudyInstanceUID", "")), str(one.data.get("PatientID", ""))) for one in mine}
    if len(whose) != 1 or not all(is_uid(str(one.data.get("SOPInstanceUID", ""))) for one in mine) or not is_uid(next(iter(whose))[0]):
        raise Refused(notices.NOTHING_TO_SEND.at(folder.name, f"{counted(len(mine), 'result')} of {len(whose)} studies or patients"))
    return mine


def _read(path: Path) -> Dataset:
    import pydicom

    if path.stat().st_size > RESULT_CAP_BYTES:
        raise Refused(notices.FILE_MALFORMED.at(path.name, f"larger than {RESULT_CAP_BYTES} bytes"))
    try:
        with parsing():
            return pydicom.dcmread(io.BytesIO(path.read_bytes()))
    except MalformedFile as error:
        raise Refused(notices.FILE_MALFORMED.at(path.name, str(error))) from error


def _referenced(results: Sequence[ResultFile]) -> frozenset[str]:
    """UIDs of the images that the results were made from: all that they refer to but themselves."""
    all_of_them = {str(element.value) for one in results for element in one.data.iterall() if element.tag == REFERENCED_UID}
    return frozenset(all_of_them - {one.uid for one in results})


def _scan_header(server: Server, study: str, referenced: frozenset[str]) -> Row:
    """The attributes of one of the images that the results refer to; raises Refused unless all of them are in the study there."""
    if not studies_of(server, study=study):
        raise Refused(notices.STUDY_NOT_ON_SERVER.at(server.origin, f"no study {study}"))
    there = {uid: one.series_uid for one in series_of(server, study, SCANS) for uid in one.instances}
    missing = referenced - there.keys()
    if missing or not referenced:
        raise Refused(notices.STUDY_NOT_ON_SERVER.at(server.origin, f"{len(missing)} of {len(referenced)} images are not there"))
    one = min(referenced)
    return header_of(server, study, there[one], one)


def _check_patient(server: Server, header: Row, study: str, carried: str) -> None:
    """Raises Refused unless the results carry the pseudonym of the archive's patient; a record number is never shown."""
    record = str(_attributes(header, ("PatientID",), server).get("PatientID") or "").strip()
    spellings = {record, record.encode().decode("latin-1")}  # carpet reads a record number byte by byte
    if carried not in {pseudonym(spelling or study) for spelling in spellings}:
        raise Refused(notices.PATIENT_DIFFERS.at("(0010,0020)", f"{carried} in the results, another on the server"))


def _attributes(header: Row, keywords: Sequence[str], server: Server) -> Dataset:
    """These attributes of a header in DICOM JSON, as far as it has them; raises Refused."""
    from pydicom import Dataset
    from pydicom.datadict import tag_for_keyword

    tags = [f"{tag_for_keyword(keyword):08X}" for keyword in keywords]
    try:
        with parsing():
            return Dataset.from_json({tag: dict(header[tag]) for tag in tags if isinstance(header.get(tag), Mapping)})
    except MalformedFile as error:
        raise Refused(notices.SERVER_ANSWER_UNUSABLE.at(server.origin, f"the header of an image: {error}")) from error


def _identified(result: Dataset, header: Row, server: Server) -> Dataset:
    """A copy in memory under the archive's identity of patient and study; UIDs and numbers as they are."""
    said = _attributes(header, (*OF_THE_ARCHIVE, *OF_THE_ARCHIVE_IF_SAID), server)
    whole = copy.deepcopy(result)
    with parsing():  # what pydicom would not write so, the archive has so all the same
        for keyword in OF_THE_ARCHIVE:
            setattr(whole, keyword, said.get(keyword))
        for keyword in OF_THE_ARCHIVE_IF_SAID:
            if keyword in said:
                setattr(whole, keyword, said.get(keyword))
            elif keyword in whole:
                delattr(whole, keyword)
    return whole


def _bytes(data: Dataset) -> bytes:
    buffer = io.BytesIO()
    with parsing():
        data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _check_stored(server: Server, study: str, sent: ResultFile) -> None:
    """Raises Refused unless the archive gives back every attribute and voxel as sent; what it adds is its own affair."""
    import pydicom

    content = b"".join(instance_blocks(server, study, str(sent.data.SeriesInstanceUID), sent.uid))
    try:
        with parsing():
            back = pydicom.dcmread(io.BytesIO(content))
            differing = [
                element.keyword or str(element.tag)
                for element in sent.data
                if element.tag != CHARACTER_SET and (element.tag not in back or not _same(element.value, back[element.tag].value))
            ]
    except MalformedFile as error:
        raise Refused(notices.READ_BACK_DIFFERS.at(sent.name, str(error))) from error
    if differing:
        raise Refused(notices.READ_BACK_DIFFERS.at(sent.name, ", ".join(differing)))


def _same(sent: object, back: object) -> bool:
    if not sent and not back:  # None, "" and an empty sequence are stored alike
        return True
    if isinstance(sent, bytes) and isinstance(back, bytes):
        return sent.ljust(len(sent) + len(sent) % 2, b"\0") == back
    return sent == back


def _says_unreviewed(result: Dataset) -> bool:
    return any(element.value == UNREVIEWED for element in result.iterall() if element.VR == "UT")


def send_text(document: dict[str, Any]) -> str:
    """What was sent, for the terminal."""
    names = ", ".join(one["file"] for one in document["stored"])
    lines = [
        f"stored and read back equal: {names}",
        f"  {counted(len(document['stored']), 'file')} beside the scan on {document['server']}",
    ]
    if document["unreviewed"]:
        lines.append(f"  {UNREVIEWED}: no reader has confirmed which regions are disease; the report that was sent says so")
    return printable_lines(lines)
