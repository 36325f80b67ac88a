"""The public functions whose arguments differ from the rooms' own: a whole protocol section in, one noun out."""

from __future__ import annotations

from carpet.anatomy.survey import survey
from carpet.core.lesion import Lesion
from carpet.core.protocol import SegmentProtocol, SuvProtocol
from carpet.core.space import Labels, Volume
from carpet.core.study import Study
from carpet.run import pipeline
from carpet.segment import candidates
from carpet.suv import volume


def to_suv(study: Study, protocol: SuvProtocol | None = None) -> Volume:
    """SUVbw (g/mL) on the PET's own grid; raises Refused with every reason when the series cannot be quantified."""
    return volume.to_suv(study, protocol or SuvProtocol())


def segment(suv: Volume, ct: Volume | None = None, protocol: SegmentProtocol | None = None) -> Labels:
    """The candidate regions, label 1 the largest; no uptake gives empty labels. `ct` is not needed by the built-in method."""
    del ct
    return candidates(suv, protocol or SegmentProtocol()).labels


def identify(regions: Labels, suv: Volume, ct: Volume | None = None) -> tuple[Lesion, ...]:
    """Every region with a status, a site, and the rule that decided: a suggestion that a reader has not confirmed."""
    anatomy = survey(suv, ct, exclude=tuple(regions.regions.values()))
    return pipeline.identify(regions, suv, anatomy, ct)
