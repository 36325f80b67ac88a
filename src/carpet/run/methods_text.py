"""What was done, in sentences with citations, printed from the protocol and from what happened: nobody writes it by hand."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from carpet.core.method import pick
from carpet.run.pipeline import MASK, Result
from carpet.segment import segmenters

RULE_TEXT = {
    "decay_correction_datetime": "DecayCorrectionDateTime (0018,9701)",
    "ge_scan_datetime": "the scanner's private scan start (0009,xx0D)",
    "siemens_datetime": "Siemens' private decay-correction time (0071,xx22)",
    "series_time": "SeriesDate and SeriesTime (0008,0021), (0008,0031)",
    "back_computed": "back-computation from AcquisitionTime, FrameReferenceTime and ActualFrameDuration",
    "earliest_acquisition": "the earliest acquisition time",
    "administration": "the injection itself (DecayCorrection ADMIN)",
    "each_slice": "each slice's own acquisition, corrected here (DecayCorrection NONE)",
}
RULE_SOURCES = ["Boellaard 2024, J Nucl Med 65:1343, doi:10.2967/jnumed.124.267789", "carpet's own rules: docs/reference/methods.md"]
REFERENCE_SOURCES = ["Wahl 2009, J Nucl Med 50(S1):122S"]
SUV_SOURCES = ["DICOM PS3.3 C.8.9.1", "IBSI SUV manual (Vácha et al.), github.com/oncoray/suv_computation"]


def methods_text(result: Result) -> list[dict[str, Any]]:
    """One entry a step: {"step", "text", "sources"}."""
    return [_suv(result), _candidates(result), *_delineations(result), _decisions(result), _references(result), _numbers(result)]


def _entry(step: str, text: str, sources: list[str]) -> dict[str, Any]:
    return {"step": step, "text": text, "sources": sources}


def _suv(result: Result) -> dict[str, Any]:
    decided = result.quantification
    if decided.reference.rule is None:
        text = f"SUVbw (g/mL) was taken from stored values in {decided.units} with the factors that the scanner wrote."
        return _entry("SUV", text, SUV_SOURCES)
    life = f"{decided.half_life.seconds:g} s ({decided.half_life.nuclide})" if decided.half_life else "unknown"
    uptake = f" Uptake time {decided.uptake_s / 60:.1f} min." if decided.uptake_s is not None else ""
    text = (
        f"SUVbw (g/mL) = activity concentration × body weight / injected activity, decayed to the reference time of the voxel values, "
        f"half-life {life}. The reference time was {RULE_TEXT[decided.reference.rule]}.{uptake} Each slice has its own rescale slope."
    )
    return _entry("SUV", text, SUV_SOURCES)


def _candidates(result: Result) -> dict[str, Any]:
    if result.segmenter == MASK:
        text = "The regions are the 26-connected components of each segment of a mask made elsewhere, on the PET's own grid."
        return _entry("Regions", text, [])
    segment = result.protocol.segment
    text = (
        f"Candidate regions are 26-connected voxels with SUVbw ≥ {segment.preselect_suv:g} and a volume of at least "
        f"{segment.preselect_min_ml:g} mL, on the PET's own grid; regions a reader adds have no lower limit."
    )
    return _entry("Regions", text, ["Boellaard 2024, J Nucl Med 65:1343, doi:10.2967/jnumed.124.267789"])


def _delineations(result: Result) -> list[dict[str, Any]]:
    entries = []
    for name in dict.fromkeys((result.segmenter, *result.protocol.segment.also)):
        if name != MASK:
            method = pick(segmenters(), name, "segmenter")
            reach = (
                f" Applied to each lesion within {result.protocol.segment.margin_mm:g} mm of its candidate region and nearer to it than to "
                "any other region; kept where connected to the lesion's own voxels."
            )
            entries.append(_entry(f"Delineation {name}", method.says + reach, [method.source]))
    return entries


def _decisions(result: Result) -> dict[str, Any]:
    readers = sorted({lesion.decided_by for lesion in result.lesions if lesion.reviewed})
    if result.reviewed:
        text = f"Disease and physiologic uptake were decided or confirmed by: {', '.join(readers) or 'the reader of the decisions file'}."
    else:
        text = (
            "Disease and physiologic uptake were told apart by rules on position, shape, uptake and CT: a suggestion that no reader has "
            "confirmed. Every region keeps the rule that decided it."
        )
    return _entry("Disease or physiologic", text, RULE_SOURCES)


def _references(result: Result) -> dict[str, Any]:
    text = (
        "Liver: sphere of 3 cm diameter in the right lobe, away from lesions. Blood pool: cylinder of 1 cm diameter and 2 cm length in the "
        "descending aorta. Both were placed automatically and are shown in the pictures."
    )
    missing = [f"{name} ({reason})" for name, reason in sorted(result.anatomy.absent.items())]
    return _entry("Reference regions", text + (f" Not found: {', '.join(missing)}." if missing else ""), REFERENCE_SOURCES)


def _numbers(result: Result) -> dict[str, Any]:
    options = result.protocol.biomarkers
    text = (
        f"SUVpeak is the mean of a 1 cm³ sphere (IBSI {options.suv_peak}). Dmax is the largest distance between lesion centroids, SDmax = "
        f"Dmax / body surface area ({options.surface_area.value}). TTS from marching cubes. Computed with carpet {version('carpet')}."
    )
    return _entry("Numbers", text, ["Cottereau 2021, Ann Oncol 32:404", "IBSI 0F91", "Decazes 2018, Eur J Nucl Med Mol Imaging 45:1672"])
