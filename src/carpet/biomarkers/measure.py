"""All biomarkers asked for, of one lesion set: a number with its unit, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from carpet.core.anatomy import Anatomy
from carpet.core.body import Body
from carpet.core.errors import NotMeasurable
from carpet.core.lesion import Lesion, Status
from carpet.core.method import Method, declare, methods, pick
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Flagged, Measurement, Missing
from carpet.core.space import Volume

biomarker = partial(declare, "biomarker")
NO_ANATOMY = Anatomy()


def biomarkers() -> Mapping[str, Method]:
    """Every biomarker there is, by name."""
    return methods("carpet.biomarkers", "biomarker")


def measure(
    lesions: Sequence[Lesion],
    suv: Volume,
    protocol: BiomarkerProtocol,
    *,
    body: Body | None = None,
    anatomy: Anatomy = NO_ANATOMY,
    segmenter: str = "suv4.0",
    of: str = "patient",
    flags: tuple[str, ...] = (),
) -> tuple[Measurement | Missing, ...]:
    """The protocol's biomarkers over the lesions whose status is disease; `flags` go with every number."""
    disease = tuple(lesion for lesion in lesions if lesion.status is Status.DISEASE)
    available = biomarkers()
    names = protocol.names or tuple(available)
    found: list[Measurement | Missing] = []
    for method in (pick(available, name, "biomarker") for name in names):
        of_what = (method.unit.ucum, of, segmenter)
        try:
            result = method(disease, suv, body=body, anatomy=anatomy, options=protocol)
        except NotMeasurable as error:
            found.append(Missing(method.name, *of_what, reason=error.reason, flags=flags))
            continue
        value, more = result if isinstance(result, Flagged) else (result, ())
        found.append(Measurement(method.name, float(value), *of_what, flags=(*flags, *more)))
    return tuple(found)
