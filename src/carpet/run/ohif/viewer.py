"""A build of OHIF that the user names: whether it is one, its configuration, what its page may do; and the page where there is none."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

from carpet.core.errors import ProtocolError
from carpet.run.ohif.archive import Archive
from carpet.run.review.security import CONTENT_POLICY
from carpet.run.terminal import counted

ROOT = "/dicomweb"
PAGE, CONFIG, SERVICE_WORKER = "index.html", "app-config.js", "init-service-worker.js"
INSIDE = ("", "dist", "package/dist")  # where a package of npm keeps the build
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)  # of OHIF's own page, which the user has named
PUBLIC_URL = re.compile(r"""PUBLIC_URL\s*=\s*['"]([^'"]*)['"]""")
HOW_TO_GET = "npm pack @ohif/app && tar xzf ohif-app-*.tgz"
UNPACKED = "package/dist"
SIZE = "50 MB, 210 MB unpacked; MIT licence"  # of @ohif/app 3.12
NO_SERVICE_WORKER = """\
// carpet: nothing of the trial is kept by the browser
navigator.serviceWorker && navigator.serviceWorker.getRegistrations().then(all => all.forEach(one => one.unregister()));
"""


@dataclass(frozen=True)
class Viewer:
    """A build of OHIF. page: its index.html; policy: the Content-Security-Policy under which it runs."""

    folder: Path
    page: str
    policy: str


def viewer_in(folder: Path) -> Viewer:
    """The build in this folder or in the dist of an npm package; raises ProtocolError where there is none."""
    places = [folder / inside for inside in INSIDE]
    place = next((one for one in places if (one / PAGE).is_file() and (one / CONFIG).is_file()), None)
    if place is None:
        raise ProtocolError(f"{str(folder)!r} is no build of OHIF: no {PAGE} with {CONFIG} in it. Get one: {HOW_TO_GET}; --ohif {UNPACKED}")
    page = (place / PAGE).read_text(encoding="utf-8")
    below = PUBLIC_URL.search(page)
    if below is not None and below[1] != "/":
        raise ProtocolError(f"this OHIF was built for {below[1]!r}; carpet serves it at /: build it with PUBLIC_URL=/")
    return Viewer(place, page, content_policy(page))


def content_policy(page: str) -> str:
    """What the page may do: nothing outside this address. Of inline scripts only those in the page itself, by their digest."""
    digests = [f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in INLINE_SCRIPT.findall(page)]
    own = {
        "script-src": " ".join(["'self'", "'unsafe-eval'", *digests]),  # it reads SEG by functions that it writes as text (dcmjs, ndarray)
        "style-src": "'self' 'unsafe-inline'",  # OHIF sets styles in its elements
        "font-src": "'self' data:",
        "img-src": "'self' blob: data:",  # thumbnails
        "worker-src": "'self' blob:",  # decoders of compressed frames
        "connect-src": "'self' blob: data:",
        "manifest-src": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in (CONTENT_POLICY | own).items())


def config_script() -> str:
    """app-config.js: one data source, at this address; no upload, no log-in, no server but this one."""
    source = {
        "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
        "sourceName": "carpet",
        "configuration": {
            "friendlyName": "the trial, as carpet serves it",
            "name": "carpet",
            "qidoRoot": ROOT,
            "wadoRoot": ROOT,
            "wadoUriRoot": ROOT,
            "qidoSupportsIncludeField": True,
            "supportsReject": False,
            "supportsFuzzyMatching": False,
            "supportsWildcard": True,
            "imageRendering": "wadors",
            "thumbnailRendering": "wadors",
            "enableStudyLazyLoad": True,
            "bulkDataURI": {"enabled": True},
            "omitQuotationForMultipartRequest": True,
            "dicomUploadEnabled": False,
        },
    }
    settings: dict[str, object] = {
        "name": "carpet",
        "routerBasename": None,
        "extensions": [],
        "modes": [],
        "customizationService": {"ohif.tours": {"$set": []}},
        "showStudyList": True,
        "maxNumberOfWebWorkers": 3,
        "showWarningMessageForCrossOrigin": True,
        "showCPUFallbackMessage": True,
        "showLoadingIndicator": True,
        "strictZSpacingForVolumeViewport": True,
        "maxNumRequests": {"interaction": 100, "thumbnail": 75, "prefetch": 25},
        "defaultDataSourceName": "carpet",
        "dataSources": [source],
    }
    return f"window.config = {json.dumps(settings, indent=1)};\n"


def described(archive: Archive) -> list[str]:
    """What is served and what is not, a line each."""
    counts = archive.counts()
    studies = len(archive.studies)
    lines = [f"{studies} {'study' if studies == 1 else 'studies'}, {counted(sum(counts.values()), 'instance')}"]
    if counts:
        lines[0] += ": " + ", ".join(f"{number} {modality or 'of no modality'}" for modality, number in sorted(counts.items()))
    if not counts["SEG"]:
        lines.append("no lesions (SEG) yet: `carpet run` makes them")
    if archive.left_out:
        codes = ", ".join(f"{number} {code}" for code, number in archive.left_out.items())
        lines.append(f"not served: {codes}")
    if archive.others:
        lines.append(f"{counted(archive.others, 'file')} beside them no DICOM")
    return lines


def page_without_viewer(archive: Archive, address: str) -> str:
    """What stands at / where no OHIF was named: the service's address, and how to get OHIF."""
    there = "".join(f"<li>{html.escape(line)}</li>" for line in described(archive))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>carpet ohif</title></head><body>
<h1>The trial by DICOMweb</h1>
<p>Any viewer that speaks DICOMweb can open <code>{html.escape(address.rstrip("/"))}{ROOT}</code> (QIDO-RS and WADO-RS, read-only).</p>
<ul>{there}</ul>
<h2>To see it in OHIF here</h2>
<p>Get OHIF once ({SIZE}), where there is Node with npm:</p>
<pre>{html.escape(HOW_TO_GET)}</pre>
<p>Then stop this call with Ctrl-C, and start it with the build:</p>
<pre>carpet ohif TRIAL --ohif {UNPACKED}</pre>
</body></html>
"""
