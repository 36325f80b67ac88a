"""One frame is one slice: a file of many frames becomes as many slices, each with the attributes of a classic image (PS3.3 C.7.6.16).

What only Enhanced PET says in its own way is put into classic words in enhanced_pet.py. Legacy-converted objects carry the classic
attributes themselves, in the Unassigned Converted Attributes.
"""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from carpet.core.errors import Notice, Refused
from carpet.dicom import notices
from carpet.dicom.elements import (
    DEFLATED,
    ENHANCED_PET,
    FRAME_GROUPS,
    ITEMS_CAP,
    KEPT_WHOLE,
    LEGACY_CT,
    LEGACY_PET,
    MULTI_FRAME,
    SHARED_GROUPS,
    SOP_CLASS,
    STEPS_CAP,
    UNCOMPRESSED_LITTLE,
    Element,
    FileElements,
    MalformedFile,
    sequence_items,
)
from carpet.dicom.enhanced_pet import NOT_BELIEVED, RWV_MAPPINGS, frame_in_classic_words, in_classic_words
from carpet.dicom.fragments import frame_spans
from carpet.dicom.pet_facts import (
    ACQUISITION_DATE,
    ACQUISITION_DATETIME,
    ACQUISITION_TIME,
    CONSTANT_TAGS,
    FRAME_DURATION_MS,
    FRAME_REFERENCE_MS,
    IMAGE_TYPE,
    SERIES_DATE,
    SERIES_TIME,
)
from carpet.dicom.stack import (
    BITS_ALLOCATED,
    COLUMNS,
    FRAME_TYPE,
    INTERCEPT,
    NUMBER_OF_FRAMES,
    ORIENTATION,
    PIXEL_SPACING,
    POSITION,
    ROWS,
    SAMPLES,
    SLOPE,
    THICKNESS,
    tag_name,
)
from carpet.dicom.values import MalformedValue, integer_of, short_of, text_of, texts_of

CONCATENATION, NUMBER_OF_PART, PARTS_IN_TOTAL = 0x00209161, 0x00209162, 0x00209163
MODALITY, RESCALE_TYPE, TECHNIQUE, PROPERTIES = 0x00080060, 0x00281054, 0x00089207, 0x00089206
LEGACY = frozenset({LEGACY_PET, LEGACY_CT})
FRAME_ACQUIRED_AT, FRAME_ACQUISITION_MS = 0x00189074, 0x00189220
MACROS = (  # each a sequence of one item, whose attributes are the frame's
    0x00209170,  # Unassigned Shared Converted Attributes
    0x00209171,  # Unassigned Per-Frame Converted Attributes
    0x00209111,  # Frame Content
    0x00209113,  # Plane Position
    0x00209116,  # Plane Orientation
    0x00289110,  # Pixel Measures
    0x00289145,  # Pixel Value Transformation
    0x00189751,  # PET Frame Type
    0x00189329,  # CT Image Frame Type
    0x00189749,  # PET Reconstruction
    0x00189118,  # Cardiac Synchronization
    0x00209253,  # Respiratory Synchronization
    0x00209310,  # Temporal Position
)
ONLY_OF_FRAMES = frozenset(  # at the root of such a file these belong to no frame
    {
        POSITION,
        ORIENTATION,
        PIXEL_SPACING,
        THICKNESS,
        SLOPE,
        INTERCEPT,
        RESCALE_TYPE,
        ACQUISITION_DATE,
        ACQUISITION_TIME,
        ACQUISITION_DATETIME,
        FRAME_DURATION_MS,
        FRAME_REFERENCE_MS,
    }
)
# Attributes that a converted file may state twice, at its root and for its frames; the time of the series may be that of the conversion.
STATED_ONCE = {tag: name for tag, name in CONSTANT_TAGS.items() if tag not in (SERIES_DATE, SERIES_TIME)}
MEASURED_TECHNIQUES = {"PT": ("", "NONE"), "CT": ("", "NONE", "MPR")}  # Volume Based Calculation Technique (C.8.16.2.1.3)
MEASURED_PROPERTIES = ("", "VOLUME")  # Volumetric Properties (C.8.16.2.1.2); a projection is SAMPLED
MEASURED_CONTRASTS = frozenset({"", "NONE", "RESAMPLED", "FILTERED"})  # value 4 of Frame Type (C.8.16.1.4)
CALCULATED_CONTRASTS = frozenset(  # the other terms of that table: in converted files value 4 may also be a word of the vendor
    {
        *("ADDITION", "SUBTRACTION", "MULTIPLICATION", "DIVISION", "MASKED", "MAXIMUM", "MEAN", "MINIMUM", "STD_DEVIATION"),
        *("MTT", "QUANTITY", "RCBF", "RCBV", "T_TEST", "TTP", "Z_SCORE"),
    }
)


def slices_of(file: FileElements) -> list[FileElements]:
    """The frames of a file as slices, in the order of the file. Raises Refused where a frame cannot be told rightly."""
    if _text(file.elements, SOP_CLASS) not in MULTI_FRAME:
        found = f"{_text(file.elements, NUMBER_OF_FRAMES)} frames in a class of single slices"
        raise Refused(notices.FRAME_POSITION_MISSING.at(tag_name(NUMBER_OF_FRAMES), found))
    try:
        count = _number_of_frames(file)
        spans = _pixel_spans(file, count)  # first: it costs little
        shared, groups = _functional_groups(file, count)
        return list(_slices(file, shared, groups, spans))
    except (MalformedFile, MalformedValue, OSError) as error:
        raise Refused(notices.FILE_MALFORMED.at("(5200,9229) (5200,9230)", str(error))) from error


def missing_parts(files: Sequence[FileElements]) -> tuple[Notice, ...]:
    """A flag where one object was split into several files (a concatenation), and not all of them are here."""
    parts = Counter(_text(file.elements, CONCATENATION) for file in files)
    for file in files:
        if CONCATENATION not in file.elements:
            continue
        here = parts[_text(file.elements, CONCATENATION)]
        for tag in (PARTS_IN_TOTAL, NUMBER_OF_PART):  # the total need not be said
            said = file.elements.get(tag)
            if said and len(said.raw) == 2 and short_of(said) > here:
                return (notices.SLICES_INCOMPLETE.at(tag_name(tag), f"{here} of {short_of(said)} files"),)
    return ()


def _slices(
    file: FileElements, shared: Mapping[int, Element], groups: list[dict[int, Element]], spans: list[tuple[int, int]]
) -> Iterator[FileElements]:
    enhanced_pet = _text(file.elements, SOP_CLASS) == ENHANCED_PET
    not_believed = NOT_BELIEVED if enhanced_pet else frozenset()
    base = {tag: element for tag, element in file.elements.items() if tag not in ONLY_OF_FRAMES | KEPT_WHOLE | not_believed}
    common = _attributes(shared, not_believed)
    _agreeing(base, common)
    base |= common
    if enhanced_pet:
        base = in_classic_words(base)
    attributes = 0
    for number, (group, (offset, size)) in enumerate(zip(groups, spans, strict=True), start=1):
        if twice := shared.keys() & group.keys() & {*MACROS, RWV_MAPPINGS}:
            raise MalformedFile(f"{tag_name(min(twice))} stands in the shared functional groups and in those of frame {number}")
        own = _attributes(group, not_believed)
        attributes += len(own)
        if attributes > STEPS_CAP:
            raise MalformedFile(f"more than {STEPS_CAP} attributes of frames")
        _agreeing(base, own)
        frame = ChainMap(own, base)
        own |= _times(frame)
        if enhanced_pet:
            own |= frame_in_classic_words(frame)
        _check(frame, number)
        yield replace(file, elements=frame, pixel_offset=offset, pixel_bytes=size, frame=number)


def _number_of_frames(file: FileElements) -> int:
    element = file.elements.get(NUMBER_OF_FRAMES)
    count = integer_of(element) if element else 1
    if not 1 <= count <= ITEMS_CAP:
        raise MalformedFile(f"{count} frames, 1 to {ITEMS_CAP} are read")
    return count


def _functional_groups(file: FileElements, count: int) -> tuple[dict[int, Element], list[dict[int, Element]]]:
    """The shared functional groups, and those of each frame."""
    if FRAME_GROUPS not in file.elements:
        kind = notices.FRAME_POSITION_MISSING if count > 1 else notices.SOP_CLASS_UNSUPPORTED
        raise Refused(kind.at(tag_name(FRAME_GROUPS), f"{count} frames, no functional groups"))
    groups = sequence_items(file.elements[FRAME_GROUPS])
    if len(groups) != count:
        raise MalformedFile(f"{len(groups)} functional groups for {count} frames")
    shared = sequence_items(file.elements[SHARED_GROUPS], most=1) if SHARED_GROUPS in file.elements else []
    return shared[0] if shared else {}, groups


def _attributes(group: Mapping[int, Element], not_believed: frozenset[int]) -> dict[int, Element]:
    """The attributes in a functional group; the mapping to real-world values, which may have several items, stays as it is."""
    found: dict[int, Element] = {}
    for macro in MACROS:
        if macro in group:
            for item in sequence_items(group[macro], most=1):
                found |= item
    for tag in not_believed & found.keys():
        del found[tag]
    return found | {tag: group[tag] for tag in (RWV_MAPPINGS,) if tag in group}


def _agreeing(base: Mapping[int, Element], more: Mapping[int, Element]) -> None:
    """Raises Refused where one fact is stated twice and differs: somebody has corrected one of the two, and nobody can tell which."""
    for tag in STATED_ONCE.keys() & base.keys() & more.keys():
        if base[tag].raw.strip(b" \0") != more[tag].raw.strip(b" \0"):
            found = "one value at the root or for all frames, another inside (0020,9170) or (0020,9171)"
            raise Refused(notices.SERIES_TAG_VARIES.at(tag_name(tag), found, more=STATED_ONCE[tag]))


def _times(frame: Mapping[int, Element]) -> dict[int, Element]:
    """When and how long the frame was acquired, unless the classic attributes say it."""
    words = {}
    if FRAME_ACQUIRED_AT in frame and not {ACQUISITION_DATE, ACQUISITION_TIME} <= frame.keys():
        words[ACQUISITION_DATETIME] = frame[FRAME_ACQUIRED_AT]
    if FRAME_ACQUISITION_MS in frame and FRAME_DURATION_MS not in frame:
        words[FRAME_DURATION_MS] = Element("FD", frame[FRAME_ACQUISITION_MS].raw)
    return words


def _check(frame: Mapping[int, Element], number: int) -> None:
    """Raises Refused for a frame without a place, of calculated values, or of a CT that is not in Hounsfield units."""
    if not _text(frame, POSITION):
        raise Refused(notices.FRAME_POSITION_MISSING.at("(0020,9113)", f"frame {number} has no position"))
    modality, contrast = _text(frame, MODALITY), _contrast(frame)
    unheard_of = contrast not in MEASURED_CONTRASTS and _text(frame, SOP_CLASS) not in LEGACY
    for tag, said, calculated in (
        (TECHNIQUE, _text(frame, TECHNIQUE), _text(frame, TECHNIQUE) not in MEASURED_TECHNIQUES.get(modality, ())),
        (PROPERTIES, _text(frame, PROPERTIES), _text(frame, PROPERTIES) not in MEASURED_PROPERTIES),
        (FRAME_TYPE, contrast, contrast in CALCULATED_CONTRASTS or unheard_of),
    ):
        if calculated:
            raise Refused(notices.DERIVED_IMAGE.at(tag_name(tag), said))
    if modality == "CT" and (SLOPE not in frame or _text(frame, RESCALE_TYPE) not in ("", "HU")):
        found = f"rescaled to {_text(frame, RESCALE_TYPE) or 'nothing'}, not to HU"
        raise Refused(notices.SOP_CLASS_UNSUPPORTED.at(tag_name(RESCALE_TYPE), found))


def _contrast(frame: Mapping[int, Element]) -> str:
    """Value 4 of the frame's type: what was done with the values."""
    said = next((frame[tag] for tag in (FRAME_TYPE, IMAGE_TYPE) if tag in frame), None)
    return texts_of(said)[3] if said and len(texts_of(said)) > 3 else ""


def _pixel_spans(file: FileElements, count: int) -> list[tuple[int, int]]:
    """Offset and bytes of each frame's pixels; nothing is allocated. Raises Refused where they are not as long as the header says."""
    if file.pixel_offset is None or file.transfer_syntax == DEFLATED:
        found = "no pixel data, deflated, or in a byte order that is not read in files of many frames"
        raise Refused(notices.SOP_CLASS_UNSUPPORTED.at("(7FE0,0010)", found))
    if file.transfer_syntax not in UNCOMPRESSED_LITTLE:
        return frame_spans(file, count)
    rows, columns, samples, bits = (
        short_of(file.elements[tag]) if tag in file.elements else 0 for tag in (ROWS, COLUMNS, SAMPLES, BITS_ALLOCATED)
    )
    size = rows * columns * samples * bits // 8
    if bits % 8 or not size or file.pixel_bytes not in (count * size, count * size + count * size % 2):
        found = f"{file.pixel_bytes} bytes, expected {count} × {size}"
        raise Refused(notices.PIXELS_UNREADABLE.at("(7FE0,0010)", found))
    return [(file.pixel_offset + number * size, size) for number in range(count)]


def _text(elements: Mapping[int, Element], tag: int) -> str:
    return text_of(elements[tag]) if tag in elements else ""
