"""Stored integers become a volume of SUV: one product per voxel, in float64, kept as float32."""

from __future__ import annotations

import numpy as np

from carpet.core.body import Body, LeanMass
from carpet.core.errors import Refused
from carpet.core.protocol import SuvProtocol
from carpet.core.space import Quantity, SpaceError, Volume
from carpet.core.study import Study
from carpet.suv.quantify import Quantification, quantify
from carpet.suv.stored import LEAN, Stored, reference_mass_kg

QUANTITY_OF = {
    Quantity.SUV_LBM_JANMA: Stored.SUV_LBM_JANMA,
    Quantity.SUV_LBM_JAMES128: Stored.SUV_LBM_JAMES128,
    Quantity.SUV_LBM_MORGAN120: Stored.SUV_LBM_MORGAN120,
    Quantity.SUV_IBW: Stored.SUV_IBW,
    Quantity.SUV_BSA: Stored.SUV_BSA,
}
LEAN_QUANTITY = {LEAN[stored]: quantity for quantity, stored in QUANTITY_OF.items() if stored in LEAN}


def to_suv(study: Study, protocol: SuvProtocol, *, decided: Quantification | None = None) -> Volume:
    """SUVbw (g/mL) on the PET's own grid; raises Refused with every reason when the series cannot be quantified."""
    if study.pet.pet is None or study.pet.grid is None:
        raise Refused(study.pet.refusals)
    decided = decided or quantify(study.pet.pet, protocol)
    if study.pet.refusals or decided.slice_factors is None:
        raise Refused((*study.pet.refusals, *decided.refusals))
    values = np.empty(study.pet.grid.shape_kji, dtype=np.float32)
    for k, factor in enumerate(decided.slice_factors):
        np.multiply(study.pet_stored[k], factor, out=values[k], dtype=np.float64, casting="same_kind")
    return Volume(study.pet.grid, values, Quantity.SUV_BW)


def scale_from_bw(quantity: Quantity, body: Body, protocol: SuvProtocol) -> float:
    """The number by which SUVbw is multiplied to give `quantity`; raises NotMeasurable without height or sex."""
    if quantity is Quantity.SUV_BW:
        return 1.0
    if quantity not in QUANTITY_OF:
        raise SpaceError(f"{quantity.says} is not an SUV")
    return reference_mass_kg(QUANTITY_OF[quantity], body, protocol) / body.weight_kg


def to_quantity(suv: Volume, quantity: Quantity, body: Body, protocol: SuvProtocol) -> Volume:
    """Another SUV from SUVbw: SUL by one of three formulas, SUVibw, SUVbsa (cm²/mL, Du Bois); raises NotMeasurable."""
    if suv.quantity is not Quantity.SUV_BW:
        raise SpaceError(f"SUVbw is needed, not {suv.quantity.says}")
    return Volume(suv.grid, suv.values * np.float32(scale_from_bw(quantity, body, protocol)), quantity)


def lean_quantity(formula: LeanMass) -> Quantity:
    """The quantity that a lean-mass formula of the protocol names."""
    return LEAN_QUANTITY[formula]
