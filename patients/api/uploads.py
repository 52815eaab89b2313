"""Files that come with a request, straight to disk: never whole in memory, never beyond a limit."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework.request import Request

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.services.bulk_import_files import Budget, Sink, plain_name

PIECE = 256 * 1024
MANIFEST = "manifest"
# a multipart body has more than its files
FRAME = 1024 * 1024


@dataclass
class Upload:
    """A file of a request. `given` is what the client calls it, `name` what we do."""

    given: str
    name: str
    sink: Sink


@dataclass
class Uploads:
    """What has come. `manifest` is the text of the part of that name, if there was one."""

    folder: Path
    budget: Budget = field(default_factory=Budget.full)
    files: list[Upload] = field(default_factory=list)
    manifest: bytes = b""

    def add(self, given: str) -> Sink:
        name = plain_name(given, [upload.name for upload in self.files])
        sink = Sink(self.folder / name, self.budget)
        self.files.append(Upload(given, name, sink))
        return sink

    def abandon(self) -> None:
        for upload in self.files:
            upload.sink.abandon()


class Body:
    """The request's body as a stream, with its bytes counted. FhirError 413 beyond the limit."""

    def __init__(self, request: Request) -> None:
        environ = request._request.META
        length = environ.get("CONTENT_LENGTH") or ""
        self._declared = int(length) if length.isdigit() else None
        self._limit = settings.FHIR_MAX_IMPORT_BYTES + FRAME
        self._read = 0
        # one that came without its length ends where the server says so
        is_chunked = self._declared is None and environ.get("wsgi.input_terminated")
        self._stream: Any = environ["wsgi.input"] if is_chunked else request._request
        self._check(self._declared or 0)

    def read(self, size: int = PIECE) -> bytes:
        piece: bytes = self._stream.read(size)
        self._read += len(piece)
        self._check(self._read)
        return piece

    def finish(self) -> None:
        """Read what is left. FhirError 400 when the client has not sent all that it said."""
        while self.read():
            pass
        if self._declared is not None and self._read < self._declared:
            words = "The body ended early: nothing of it is kept. Send it again"
            raise FhirError(400, [Issue("error", "incomplete", words)])

    def _check(self, size: int) -> None:
        if size > self._limit:
            words = f"The body is larger than {settings.FHIR_MAX_IMPORT_BYTES} bytes"
            words = f"{words} (FHIR_MAX_IMPORT_BYTES): send the files in several imports"
            raise FhirError(413, [Issue("error", "too-costly", words)])


def receive_one(request: Request, uploads: Uploads, name: str) -> None:
    """The body is one file. FhirError 400, 413 or 507."""
    body = Body(request)
    sink = uploads.add(name)
    while piece := body.read():
        sink.write(piece)
    body.finish()
    sink.close()


def receive_parts(request: Request, uploads: Uploads) -> None:
    """The body is multipart/form-data. FhirError 400, 413 or 507."""
    body = Body(request)
    handler = _ToDisk(uploads)
    meta = request._request.META | {"CONTENT_LENGTH": str(FRAME)}
    try:
        stream: Any = body
        fields, _ = MultiPartParser(meta, stream, [handler], "utf-8").parse()
        body.finish()
    except (MultiPartParserError, SuspiciousOperation, BadRequest) as error:
        words = "The body is no multipart/form-data that this server can read"
        raise FhirError(400, [Issue("error", "structure", words)]) from error
    uploads.manifest = uploads.manifest or str(fields.get(MANIFEST, "")).encode()
    unknown = sorted(set(fields) - {MANIFEST})
    if unknown:
        words = f"Nothing is known here of a part '{unknown[0][:60]}' that is no file"
        raise FhirError(400, [Issue("error", "not-supported", words)])


class _ToDisk(FileUploadHandler):
    """Writes each part with a file name into the folder; the manifest stays in memory."""

    def __init__(self, uploads: Uploads) -> None:
        super().__init__()
        self._uploads = uploads
        self._sink: Sink | None = None

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        self._sink = None if field_name == MANIFEST else self._uploads.add(file_name)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._sink is not None:
            self._sink.write(raw_data)
            return
        self._uploads.manifest += raw_data
        if len(self._uploads.manifest) > FRAME:
            words = f"The manifest is larger than {FRAME} bytes"
            raise FhirError(413, [Issue("error", "too-costly", words)])

    def file_complete(self, file_size: int) -> None:
        if self._sink is not None:
            self._sink.close()
