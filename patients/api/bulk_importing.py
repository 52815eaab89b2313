"""Begins an import: what is to be read comes with the request, or lies on this server."""

import re
import shutil
import uuid
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from patients.access.scopes import may_feed, scopes_of
from patients.api.bulk import NDJSON, accepted
from patients.api.negotiation import ACCEPTED_BODIES, media_type, read_body
from patients.api.security import application_of, audit_client, base_url, is_personal
from patients.api.uploads import Uploads, receive_one, receive_parts
from patients.errors import FhirError
from patients.fhir.definitions import resource_types
from patients.fhir.outcome import Issue
from patients.models import BulkFile, BulkJob
from patients.services import bulk_jobs
from patients.services.bulk_import_files import MOST_FILES, PIECE, places, plain_name
from patients.services.bulk_import_manifest import Wanted, read_manifest
from patients.services.fhir_files import first_type, stage_of
from patients.services.reception import parsed

ASYNC = re.compile(r"\brespond-async\b", re.IGNORECASE)
LINES = {NDJSON, "application/ndjson", "application/x-ndjson"}
PARTS = "multipart/form-data"
BLANK = b" \t\r\n\v\f" + BOM_UTF8
# of a file whose first line does not tell
ANY = "Resource"


@dataclass(frozen=True)
class Input:
    """A file that is to be imported. `declared`: what the manifest says of its lines, or "".

    `size` and `modified` are those of the file on disk; `url` is "" for what was uploaded.
    """

    name: str
    path: Path
    size: int
    declared: str = ""
    url: str = ""
    modified: int = 0
    is_packed: bool = False

    @property
    def type(self) -> str:
        found = self.declared or first_type(self.path)
        return found if found in resource_types() else ANY


def begin(request: Request) -> HttpResponse:
    """202 once the files are here. FhirError 400, 403, 413, 415, 429 or 507: nothing is kept."""
    _check_client(request)
    if not ASYNC.search(request.headers.get("Prefer", "")):
        words = "An import runs in the background: send the header Prefer: respond-async"
        raise FhirError(400, [Issue("error", "required", words)])
    bulk_jobs.may_begin(application_of(request))
    kind = media_type(request.content_type or "")
    if kind in ACCEPTED_BODIES:
        inputs = _named(read_manifest(parsed(read_body(request))))
        return _accept(request, uuid.uuid4(), inputs)
    if kind not in (*LINES, PARTS):
        words = f"Send a manifest as application/fhir+json, files as {PARTS}, or lines as {NDJSON}"
        raise FhirError(415, [Issue("error", "not-supported", words)])
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        words = f"Send the body as it is; files of {PARTS} may be gzip"
        raise FhirError(415, [Issue("error", "not-supported", words)])
    return _upload(request, kind)


def _check_client(request: Request) -> None:
    """FhirError 403 unless a system asks that may create and update something."""
    scopes = scopes_of(request.auth)
    if is_personal(request) or not any(may_feed(scopes, name) for name in resource_types()):
        words = "An import needs a system's token that may create and update: system/*.cu"
        raise FhirError(403, [Issue("error", "forbidden", words)])


def _upload(request: Request, kind: str) -> HttpResponse:
    public_id = uuid.uuid4()
    folder = Path(settings.BULK_DIR) / str(public_id)
    folder.mkdir(mode=bulk_jobs.FOLDER_MODE, parents=True)
    uploads = Uploads(folder)
    try:
        if kind == PARTS:
            receive_parts(request, uploads)
        else:
            receive_one(request, uploads, "upload.ndjson")
        return _accept(request, public_id, _uploaded(uploads))
    except BaseException:
        uploads.abandon()
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _uploaded(uploads: Uploads) -> list[Input]:
    """The files of a request, with what its manifest says of them. FhirError 400."""
    if not uploads.files:
        words = "There is no file in the request: curl -F 'file=@Patient.ndjson'"
        raise FhirError(400, [Issue("error", "required", words)])
    if not any(_has_line(upload.sink.path) for upload in uploads.files):
        words = "There is no line in what was sent: an import takes one resource a line"
        raise FhirError(400, [Issue("error", "required", words)])
    wanted = read_manifest(parsed(uploads.manifest)) if uploads.manifest.strip() else []
    types = {one.url.removeprefix("file:"): one for one in wanted}
    order = list(types)
    names = [upload.given for upload in uploads.files]
    for name, one in types.items():
        if names.count(name) != 1:
            words = f"The manifest names '{name[:100]}', and the request has {names.count(name)}"
            raise FhirError(400, [Issue("error", "not-found", words, one.where)])
    made = sorted(uploads.files, key=lambda u: order.index(u.given) if u.given in types else 0)
    return [
        Input(
            upload.name,
            upload.sink.path,
            upload.sink.size,
            types[upload.given].type if upload.given in types else "",
        )
        for upload in made
    ]


def _has_line(path: Path) -> bool:
    """Whether there is anything but white space and a byte order mark."""
    with path.open("rb") as file:
        return any(piece.strip(BLANK) for piece in iter(lambda: file.read(PIECE), b""))


def _named(wanted: Sequence[Wanted]) -> list[Input]:
    """The server's own files that a manifest names. FhirError 400."""
    made: dict[Path, Input] = {}
    for one in wanted:
        for place in places(one.url):
            if place.path in made:
                words = f"'{place.url[:100]}' is named twice"
                raise FhirError(400, [Issue("error", "duplicate", words, one.where)])
            given = place.url.removeprefix("file:").replace("/", "-")
            name = plain_name(given, [known.name for known in made.values()])
            made[place.path] = Input(
                name, place.path, place.size, one.type, place.url, place.modified, place.is_packed
            )
    if len(made) > MOST_FILES:
        words = f"These are {len(made)} files; an import has at most {MOST_FILES}"
        raise FhirError(400, [Issue("error", "too-costly", words)])
    return list(made.values())


def _accept(request: Request, public_id: uuid.UUID, inputs: Sequence[Input]) -> HttpResponse:
    """Write down the job and its files, and wake a worker."""
    scopes = scopes_of(request.auth)
    for one in inputs:
        if one.declared and not may_feed(scopes, one.declared):
            words = f"The token's scopes do not allow to create and update {one.declared}"
            raise FhirError(403, [Issue("error", "forbidden", words)])
    # what others refer to comes first
    typed = sorted(((one.type, one) for one in inputs), key=lambda pair: stage_of(pair[0]))
    with transaction.atomic():
        job = bulk_jobs.begin(
            BulkJob.Kind.IMPORT,
            now=timezone.now(),
            public_id=public_id,
            application_id=application_of(request),
            scopes=" ".join(scopes),
            request_id=getattr(request, "request_id", ""),
            request_url=request.build_absolute_uri(),
            base_url=base_url(request),
            parameters={"inputs": {one.name: _as_given(one) for one in inputs}},
        )
        for kind, one in typed:
            BulkFile.objects.create(
                job=job,
                role=BulkFile.Role.INPUT,
                name=one.name,
                type=kind,
                path=one.url,
                # of a packed file nobody knows it yet
                size=0 if one.is_packed else one.size,
            )
        audit_client(request, "import", what="begin", detail=f"{public_id} {len(inputs)} files")
        bulk_jobs.wake(job)
    return accepted(job)


def _as_given(one: Input) -> dict[str, object]:
    return {
        "declared": one.declared,
        "path": one.url,
        "is_packed": one.is_packed,
        "size": one.size,
        "modified": one.modified,
    }
