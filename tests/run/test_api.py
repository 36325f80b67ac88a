"""Truth: the planted lesions of a phantom, from files to numbers by the public functions alone."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.core.errors import Refused
from carpet.core.protocol import Protocol, SegmentProtocol, SuvProtocol
from carpet.core.space import Quantity
from carpet.run.api import identify, segment, to_suv
from carpet.run.opening import read_study
from carpet.testing import simple_phantom, write_study


def test_stored_values_become_suv(ready: Any) -> None:
    suv = to_suv(read_study(ready.folder))
    assert suv.quantity is Quantity.SUV_BW
    assert abs(suv.values - ready.scan.suv.values).max() <= 0.51 * ready.written.suv_step_max
    assert not suv.values.flags.writeable


def test_the_protocol_decides_the_reference_time(ready: Any) -> None:
    study = read_study(ready.folder)
    with pytest.raises(Refused):
        to_suv(study, SuvProtocol(reference_time="ge_scan_datetime"))  # a Siemens has none


def test_regions_largest_first_and_none_without_uptake(ready: Any) -> None:
    study = read_study(ready.folder)
    suv = to_suv(study, Protocol().suv)
    regions = segment(suv, study.ct, Protocol().segment).regions
    assert [region.voxels for region in regions.values()] == [1224, 476, 296, 179]
    assert list(regions) == [1, 2, 3, 4]
    assert segment(suv, protocol=SegmentProtocol(preselect_suv=100.0)).regions == {}


def test_every_region_is_kept_with_who_decided(ready: Any) -> None:
    study = read_study(ready.folder)
    suv = to_suv(study)
    regions = segment(suv)
    lesions = identify(regions, suv, study.ct)
    assert len(lesions) == len(regions.regions)
    assert all(lesion.decided_by.startswith("rule ") and lesion.because for lesion in lesions)
    assert identify(segment(suv, protocol=SegmentProtocol(preselect_suv=100.0)), suv) == ()


def test_a_study_that_cannot_be_measured_is_refused(tmp_path: Any) -> None:
    write_study(simple_phantom(spacing_mm=20.0), tmp_path, edit=lambda dataset, index: dataset.__setattr__("PatientWeight", None))
    with pytest.raises(Refused) as caught:
        read_study(tmp_path)
    assert caught.value.codes == ("WEIGHT_MISSING",)
