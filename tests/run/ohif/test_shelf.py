"""Contract: headers are made once a series, kept up to a limit, and told under the address by which they were asked for."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from carpet.run.ohif.archive import Archive
from carpet.run.ohif.shelf import Shelf

from .conftest import Shown


def test_addresses_are_those_of_the_client(archive: Archive, shown: Shown) -> None:
    shelf = Shelf(archive)
    study, series = shown.first.study_uid, shown.first.pet_series_uid
    for root in ("http://127.0.0.1:1/dicomweb", "http://localhost:2/dicomweb"):
        for one, header in zip(archive.instances(study, series), shelf.headers(study, series, root), strict=True):
            assert header["7FE00010"]["BulkDataURI"] == f"{root}/{one.place}/bulkdata/7FE00010"


def test_one_instance_is_one_header(archive: Archive, shown: Shown) -> None:
    shelf = Shelf(archive)
    study, series = shown.first.study_uid, shown.first.pet_series_uid
    wanted = archive.instances(study, series)[3]
    (text,) = shelf.texts(study, series, "", wanted.uid)
    assert json.loads(text)["00080018"]["Value"] == [wanted.uid]
    assert shelf.first(study, series)["00080018"]["Value"] == [archive.instances(study, series)[0].uid]


def test_the_limit_lets_go_of_what_was_asked_for_longest_ago(archive: Archive, shown: Shown) -> None:
    tight, wide = Shelf(archive, largest=1), Shelf(archive)
    places = [(study, series) for study, by_series in archive.studies.items() for series in by_series]
    for place in places:
        assert tight.texts(*place, "") == wide.texts(*place, "") == tight.texts(*place, "")
    assert (len(tight._kept), len(wide._kept)) == (1, len(places))


def test_many_ask_at_once_and_are_told_the_same(archive: Archive, shown: Shown) -> None:
    shelf = Shelf(archive)
    study = shown.first.study_uid
    with ThreadPoolExecutor(8) as pool:
        pool.submit(shelf.prepare, study)
        told = list(pool.map(lambda _: shelf.texts(study, shown.first.pet_series_uid, "R"), range(8)))
    assert all(one == told[0] for one in told)
