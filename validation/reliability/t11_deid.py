"""T11: canaries in every place that can hold a name, three patients over time: none left, SUV equal to the bit, intervals exact.

The patients come in two runs with one key: the earlier time points first. Looked for in every file, in standard output and in
standard error: in UTF-8, UTF-16 and Latin-1, upper and lower case.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import PrivateBlock
from validation.reliability.score import Score

from carpet.dicom.deid.key import Key, Person, read_key
from carpet.dicom.deid.values import mapped_uid
from carpet.run import api, commands_deid  # noqa: F401 registers the command
from carpet.run.cli import run as carpet
from carpet.run.opening import read_study
from carpet.testing import Storage, Visit, simple_phantom, write_reference_object, write_study

PATIENTS = 3
VENDORS = ("siemens", "ge", "philips")
STEM = "kanari"  # part of every canary; no word of DICOM holds it
UID_STEM = "1.2.3.47110815."
TEXT_VRS = frozenset({"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
# what identifies study and series for the reader itself, and the character set of all texts
NOT_HERE = frozenset({"SpecificCharacterSet", "TimezoneOffsetFromUTC", "PatientID", "IssuerOfPatientID", "PatientName"})
DAYS_BETWEEN = 17
LEAST_PLACEMENTS = 150  # RELIABILITY T11
OF_A_PLACE = re.compile(rb"kanari\d+x\d+", re.IGNORECASE)
FOREIGN = "Шоша Müller ショーシャ"
Place = Callable[[Dataset, str], None]


@dataclass(frozen=True)
class Written:
    """One study of the input."""

    folder: Path
    person: Person


def run(size: int, work: Path) -> Score:
    """`size`: instances, at least; files go below `work`."""
    scan = simple_phantom(spacing_mm=20.0)
    slices = scan.suv.grid.shape_kji[0]
    visits = max(2, math.ceil(size / (PATIENTS * slices)))
    placements = list(places())
    studies: list[Written] = []
    for patient in range(PATIENTS):
        for visit in range(visits):
            mine = placements[len(studies) :: PATIENTS * visits]
            studies.append(_write(work, patient, visit, visits, mine))
    studies += [_write_enhanced(work, patient) for patient in range(PATIENTS)]
    said, statuses = _deidentified(work)
    key = read_key(work / "trial.key.json")
    pairs = list(_pairs(work, key))
    failed = [f"exit status {status}" for status in statuses if status]
    failed += _left(work / "out", said)
    failed += _suv_changed(studies, work / "out", key)
    failed += _dates_and_times(pairs, key)
    failed += _uids(pairs)
    sent = sum(1 for study in studies for _ in study.folder.rglob("*") if _.is_file())
    if len(pairs) != sent:
        failed.append(f"{sent} instances in, {len(pairs)} out")
    planted = _planted(work)
    if planted < LEAST_PLACEMENTS:
        failed.append(f"only {planted} placements are in the input")
    notes = (
        f"{planted} placements of canaries, {len(studies)} studies of {PATIENTS} patients in two runs",
        f"{sum(len(list(_moments(one))) for one, _ in pairs)} dates and times compared, SUV of {len(studies)} studies",
    )
    return Score("T11", "instances de-identified: no canary left, SUV bit-identical, intervals exact", sent, tuple(failed), notes=notes)


# where a name can stand


def places() -> Iterator[tuple[str, Place]]:
    """Every way to hide a name inside a data set: its description, and a function that puts it there."""
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if vr in TEXT_VRS and keyword and keyword not in NOT_HERE and tag >> 16 > 0x0004:
            yield keyword, lambda data, text, tag=tag, vr=vr: _set(data, tag, vr, text)  # type: ignore[misc]
    for inside in (0x00540016, 0x00540410, 0x00082112, 0x00400275, 0x00101002, 0x00081140):
        for tag, vr in ((0x00100010, "PN"), (0x00104000, "LT"), (0x00080104, "LO"), (0x00080081, "ST"), (0x00081030, "LO")):
            yield f"{inside:08X}▸{tag:08X}", lambda data, text, i=inside, t=tag, v=vr: _nested(data, i, t, v, text)  # type: ignore[misc]
    yield from _private_places()
    yield from _odd_places()


def _private_places() -> Iterator[tuple[str, Place]]:
    for group, creator in ((0x0009, "GEMS_PETD_01"), (0x0071, "SIEMENS MED PT"), (0x7053, "Philips PET Private Group"), (0x0011, "KLINIK")):
        for low, vr in ((0x36, "LO"), (0x37, "UN"), (0x44, "LT"), (0x45, "UT"), (0x46, "PN")):
            yield f"{creator} {low:02X}", lambda data, text, g=group, c=creator, n=low, v=vr: _block(data, g, c).add_new(n, v, _as(v, text))  # type: ignore[misc]
    yield "a creator's name", lambda data, text: _block(data, 0x0015, text).add_new(0x01, "DS", "1.5")
    yield "a known creator with a text behind it", lambda data, text: _block(data, 0x7053, f"Philips {text}").add_new(0x09, "LO", text)
    yield "a private sequence", lambda data, text: _block(data, 0x0017, "SITE").add_new(0x10, "SQ", [_item(0x00100010, "PN", text)])
    yield "private without a creator", lambda data, text: _set(data, 0x00191010, "LO", text)


def _odd_places() -> Iterator[tuple[str, Place]]:
    yield "overlay data", lambda data, text: _set(data, 0x60003000, "OB", text.encode())
    yield "overlay description", lambda data, text: _set(data, 0x60000022, "LO", text)
    yield "curve data", lambda data, text: _set(data, 0x50003000, "OB", text.encode())
    yield "audio comments", lambda data, text: _set(data, 0x50002500, "LO", text)
    yield "trailing padding", lambda data, text: _set(data, 0xFFFCFFFC, "OB", text.encode())
    yield "icon", lambda data, text: _nested(data, 0x00880200, 0x7FE00010, "OB", text)
    yield "a text as UN", lambda data, text: _set(data, 0x00104000, "UN", text.encode())
    yield "third value of ImageType", lambda data, text: _set(data, 0x00080008, "CS", ["ORIGINAL", "PRIMARY", text.upper()[:16]])
    yield "body part", lambda data, text: _set(data, 0x00180015, "CS", text.upper()[:16])
    yield "last value of a description", lambda data, text: _set(data, 0x0008103E, "LO", f"PET WB {text}")
    yield "other characters", lambda data, text: _foreign(data, text)
    yield "a UID of the device", lambda data, text: _set(data, 0x00181002, "UI", UID_STEM + "1")
    yield "a UID that is mapped", lambda data, text: _set(data, 0x00209164, "UI", UID_STEM + "2")
    yield "a UID in the standard's name", lambda data, text: _set(data, 0x00080014, "UI", "1.2.840.10008." + UID_STEM + "3")
    yield "four sequences deep", lambda data, text: _deep(data, text)


def _as(vr: str, text: str) -> object:
    return text.encode() if vr in ("UN", "OB") else text


def _set(data: Dataset, tag: int, vr: str, value: object) -> None:
    data[tag] = DataElement(tag, vr, value)


def _item(tag: int, vr: str, text: str) -> Dataset:
    item = Dataset()
    _set(item, tag, vr, _as(vr, text))
    return item


def _nested(data: Dataset, inside: int, tag: int, vr: str, text: str) -> None:
    """In the first item of a sequence that is there, or in a new one."""
    if inside in data and data[inside].value:
        _set(data[inside].value[0], tag, vr, _as(vr, text))
    else:
        _set(data, inside, "SQ", [_item(tag, vr, text)])


def _deep(data: Dataset, text: str) -> None:
    item = _item(0x00104000, "LT", text)
    for sequence in (0x0040A170, 0x00082112, 0x0040A170, 0x00082112):
        outer = Dataset()
        _set(outer, sequence, "SQ", [item])
        item = outer
    _set(data, 0x00082112, "SQ", [item])


def _block(data: Dataset, group: int, creator: str) -> PrivateBlock:
    return data.private_block(group, creator, create=True)


def _foreign(data: Dataset, text: str) -> None:
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientComments = data.StudyDescription = f"{text} {FOREIGN}"


# the input


def _person(patient: int) -> Person:
    return Person(f"MRN-4711-{patient}", f"{STEM}-issuer-{patient}")


def _write(work: Path, patient: int, visit: int, visits: int, placements: list[tuple[str, Place]]) -> Written:
    person = _person(patient)
    at = Visit(patient_id=person.patient_id, patient_name=f"Zauberberg^{STEM}{patient}")
    at = replace(at, injected_at=at.injected_at + dt.timedelta(days=DAYS_BETWEEN * visit + patient, minutes=7 * visit))
    folder = work / ("early" if visit < visits // 2 else "late") / f"Zauberberg-{STEM}-{patient}" / f"{visit:03d}"

    def edit(data: Dataset, index: int) -> None:
        data.IssuerOfPatientID, data.PatientBirthDate, data.PatientAge = person.issuer, "19470913", "097Y"
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
        data.ReferencedImageSequence = [reference]
        for number, (_, put) in enumerate(placements):
            put(data, f"{STEM}{patient * visits + visit}x{number}")

    scan = simple_phantom(spacing_mm=20.0)
    write_study(scan, folder, vendor=VENDORS[patient % 3], visit=at, storage=Storage(with_ct=False), edit=edit)
    for number, path in enumerate(sorted(folder.rglob("*.dcm"))):
        _hide_in_file(path, number)
    return Written(folder, person)


def _hide_in_file(path: Path, number: int) -> None:
    """Around the data set, and in the name of the file."""
    data = dcmread(path)
    meta = data.file_meta
    meta.SourceApplicationEntityTitle = meta.SendingApplicationEntityTitle = STEM.upper()
    meta.PrivateInformationCreatorUID, meta.PrivateInformation = UID_STEM + "9", f"{STEM} private".encode()
    meta.ImplementationVersionName = STEM.upper()
    data.preamble = f"{STEM} preamble".encode().ljust(128, b"\0")
    data.save_as(path.with_name(f"{STEM}-{number:04d}.dcm"))
    path.unlink()
    with path.with_name(f"{STEM}-{number:04d}.dcm").open("ab") as file:
        file.write(b"\xfc\xff\xfc\xffOB\x00\x00\x10\x00\x00\x00" + f"{STEM}-behind".encode().ljust(16, b"\0"))


def _write_enhanced(work: Path, patient: int) -> Written:
    """A multi-frame PET of the same patient."""
    person = _person(patient)
    folder = work / "late" / f"enhanced-{STEM}-{patient}"
    for path in write_reference_object("DRO_7_0_0", folder).files:
        data = dcmread(path)
        data.PatientID, data.IssuerOfPatientID, data.PatientName = person.patient_id, person.issuer, f"Zauberberg^{STEM}"
        for uid in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
            setattr(data, uid, f"{UID_STEM}{patient}.{len(uid)}.{ord(uid[1])}")
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.ImageComments = data.InstitutionName = f"{STEM} comment"
        data.PerFrameFunctionalGroupsSequence[0].FrameContentSequence[0].FrameComments = f"{STEM} frame"
        data.save_as(path)
    return Written(folder, person)


def _planted(work: Path) -> int:
    """How many of the canaries inside data sets are in the input indeed; no two places have the same."""
    found: set[bytes] = set()
    for part in ("early", "late"):
        for path in (work / part).rglob("*.dcm"):
            found.update(match.lower() for match in OF_A_PLACE.findall(path.read_bytes()))
    return len(found)


def _deidentified(work: Path) -> tuple[str, list[int]]:
    """All that two runs of the command say, and their exit statuses."""
    said, statuses = io.StringIO(), []
    for part in ("early", "late"):
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            arguments = ["deid", str(work / part), str(work / "out"), "--key", str(work / "trial.key.json")]
            statuses.append(carpet([*arguments, "--json"]) if part == "late" else carpet(arguments))
    text = said.getvalue()
    json.loads(text[text.index("\n{") if not text.startswith("{") else 0 :])
    return text.replace(str(work), ""), statuses


# what came out


def _left(out: Path, said: str) -> Iterator[str]:
    words = (STEM, "zauberberg", "mrn-4711", "19470913", UID_STEM[:-1], *FOREIGN.split())
    forms = {form for word in words for text in (word, word.upper()) for form in _coded(text)}
    for path in [path for path in out.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        found = [form for form in forms if form in content or form in content.lower()]
        if found or any(word in path.relative_to(out).as_posix().lower() for word in words):
            yield f"{path.relative_to(out)}: {found[:3]}"
    if any(word in said.lower() for word in words):
        yield "a canary in what was printed"


def _coded(text: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "iso2022_jp", "iso8859_5"):
        with contextlib.suppress(UnicodeEncodeError):
            yield text.encode(encoding)


def _suv_changed(studies: list[Written], out: Path, key: Key) -> Iterator[str]:
    by_uid = {str(dcmread(next(folder.rglob("*.dcm")), stop_before_pixels=True).StudyInstanceUID): folder for folder in out.glob("*/*")}
    for study in studies:
        first = dcmread(next(path for path in study.folder.rglob("*.dcm")), stop_before_pixels=True)
        after = by_uid.get(mapped_uid(str(first.StudyInstanceUID), key.secret))
        if after is None:
            yield "a study is missing"
            continue
        one, other = (api.to_suv(read_study(folder)) for folder in (study.folder, after))
        if one.values.tobytes() != other.values.tobytes() or one.values.max() <= 0:
            yield f"{after.relative_to(out)}: SUV differs"


def _pairs(work: Path, key: Key) -> Iterator[tuple[Dataset, Dataset]]:
    """Each instance before and after."""
    after = {}
    for path in (work / "out").rglob("*.dcm"):
        data = dcmread(path, stop_before_pixels=True)
        after[str(data.SOPInstanceUID)] = data
    for part in ("early", "late"):
        for path in (work / part).rglob("*.dcm"):
            data = dcmread(path, stop_before_pixels=True)
            twin = after.get(mapped_uid(str(data.SOPInstanceUID), key.secret))
            if twin is not None:
                yield data, twin


def _elements(data: Dataset, under: str = "") -> Iterator[tuple[str, DataElement]]:
    for element in data:
        where = f"{under}{int(element.tag):08X}"
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from _elements(item, f"{where}[{number}]")
        else:
            yield where, element


def _moments(data: Dataset) -> Iterator[tuple[str, str, str]]:
    for where, element in _elements(data):
        if element.VR in ("DA", "DT", "TM") and str(element.value or ""):
            yield where, element.VR, str(element.value)


def _dates_and_times(pairs: list[tuple[Dataset, Dataset]], key: Key) -> Iterator[str]:
    """Every date that is left lies exactly the patient's days before the old one; every time is the old one."""
    for before, after in pairs:
        alias = key.alias(Person(str(before.PatientID), str(before.IssuerOfPatientID)))
        if (after.PatientID, str(after.PatientName)) != (alias.pseudonym, alias.pseudonym):
            yield "another pseudonym"
        old = {where: value for where, _, value in _moments(before)}
        moments = list(_moments(after))
        if len(moments) < 8:
            yield f"{alias.pseudonym}: only {len(moments)} dates and times are left"
        for where, vr, value in moments:
            expected = old[where] if vr == "TM" else _earlier(old[where], alias.days_back)
            if value != expected:
                yield f"{alias.pseudonym}: {where} is not where it should be"


def _earlier(text: str, days: int) -> str:
    return f"{dt.datetime.strptime(text[:8], '%Y%m%d') - dt.timedelta(days=days):%Y%m%d}{text[8:]}"


def _uids(pairs: list[tuple[Dataset, Dataset]]) -> Iterator[str]:
    """One old UID has one new UID wherever it stands, and the other way round; only DICOM's own stay."""
    forth: dict[str, str] = {}
    back: dict[str, str] = {}
    for before, after in pairs:
        old = {where: str(element.value) for where, element in _elements(before) if element.VR == "UI"}
        for where, element in _elements(after):
            if element.VR != "UI" or where not in old:
                continue
            one, other = old[where], str(element.value)
            if one == other and not one.startswith("1.2.840.10008."):
                yield f"{where} stayed"
            if forth.setdefault(one, other) != other or back.setdefault(other, one) != one:
                yield f"{where} is mapped in two ways"
