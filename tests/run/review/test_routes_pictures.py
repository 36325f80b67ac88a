"""Contract: images of a case are gzip and PNG that other programs read, labels follow the edits."""

from __future__ import annotations

import gzip
import io

import nibabel
import numpy as np
import pytest
from matplotlib import image

from carpet.run.review.routes_pictures import ct, labels, pet, router, spin, spin_ids

from .conftest import Opened

URL = "/api/cases/A/TT"


def test_each_picture_has_one_route() -> None:
    assert {route.endpoint for route in router.routes} == {pet, ct, labels, spin, spin_ids}  # type: ignore[attr-defined]


def test_labels_hold_the_regions_of_the_case(single: Opened) -> None:
    one = single.browser().arrive()
    view = one.get(URL).json()
    for name in ("labels", "spin_ids.png"):
        refused = one.get(f"{URL}/{name}", params={"version": "7"})
        assert (refused.status_code, refused.json()["notices"][0]["code"]) == (422, "REVIEW_PICTURE_OUTDATED")
    answer = one.get(f"{URL}/labels", params={"version": "0"})
    read = nibabel.Nifti1Image.from_bytes(gzip.decompress(answer.content))
    assert read.get_data_dtype() == np.uint16
    counts = np.bincount(np.asarray(read.dataobj).ravel())
    voxel_ml = float(np.prod(read.header.get_zooms())) / 1000.0
    assert {row["label"]: row["volume_ml"] for row in view["lesions"]} == {
        label: pytest.approx(count * voxel_ml, rel=1e-5) for label, count in enumerate(counts) if label
    }


def test_sprites_are_cut_as_the_case_says(single: Opened) -> None:
    one = single.browser().arrive()
    view = one.get(URL).json()
    cut = view["spin"]
    size = (-(-cut["frames"] // cut["columns"]) * cut["height"], cut["columns"] * cut["width"])
    grey, ids = (image.imread(io.BytesIO(one.get(f"{URL}/{name}").content)) for name in ("spin.png", "spin_ids.png"))
    assert grey.shape[:2] == ids.shape[:2] == size
    seen = np.rint(ids * 255).astype(int) @ [65536, 256, 1]
    assert set(np.unique(seen)) - {0} <= {row["label"] for row in view["lesions"]}
    assert len(set(np.unique(seen)) - {0}) >= 3
    assert grey[seen > 0].mean() < grey[seen == 0].mean()  # regions are darker than what lies around them


def test_a_thinned_image_keeps_voxels_where_they_are(single: Opened) -> None:
    one = single.browser().arrive()
    for name in ("pet", "ct"):
        whole, thin = (
            nibabel.Nifti1Image.from_bytes(gzip.decompress(one.get(f"{URL}/{name}", params={"every": every}).content)) for every in (1, 2)
        )
        assert np.array_equal(np.asarray(thin.dataobj), np.asarray(whole.dataobj)[::2, ::2, ::2])
        assert np.allclose(thin.affine @ [3, 4, 5, 1], whole.affine @ [6, 8, 10, 1], atol=1e-3)


def test_cropped_labels_are_the_same_in_their_box(single: Opened) -> None:
    one = single.browser().arrive()
    whole, part = (
        nibabel.Nifti1Image.from_bytes(gzip.decompress(one.get(f"{URL}/labels", params={"cropped": cropped}).content))
        for cropped in (False, True)
    )
    first = np.rint(np.linalg.solve(whole.affine, part.affine @ [0, 0, 0, 1])[:3]).astype(int)
    values, inner = np.asarray(whole.dataobj), np.asarray(part.dataobj)
    assert inner.size < values.size
    assert np.array_equal(values[tuple(slice(at, at + n) for at, n in zip(first, inner.shape, strict=True))], inner)
    assert np.count_nonzero(values) == np.count_nonzero(inner) > 0
