"""Tables of changed genes that came in as FHIR DocumentReference: found, unpacked, checked.

A document counts when it is `current`, one of its `type` or `category` codings is ours, and an
attachment is text/csv or text/tab-separated-values. The gene identifiers may be stated as
`content.format`. Nothing is fetched from elsewhere: the data are inline, or a Binary of this server.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from patients.fhir.json_codec import loads
from patients.fhir.references import parse_reference
from patients.fhir.search_index import SEPARATOR
from patients.models import Patient, Resource, ResourceVersion

CATEGORY = ("urn:twinportal:document-category", "differential-expression")
FORMATS = "urn:twinportal:gene-identifiers"
CONTENT_TYPES = ("text/csv", "text/tab-separated-values")
# gzip of such a table, as senders name it
PACKED_TYPES = ("application/gzip", "application/x-gzip")
MOST = 100
Json = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """One attachment of one version of a document. `wrong` says why it cannot be taken over."""

    version: ResourceVersion
    index: int
    title: str
    date: str
    system: GeneSystem | None
    attachment: Json
    wrong: str = ""

    @property
    def key(self) -> str:
        """What a page sends back: the version too, so that what was seen is what is taken."""
        row = self.version
        return f"{row.resource.fhir_id}/{row.version}/{self.index}"


def documents_of(patient: Patient) -> list[Document]:
    """Of the patient and who was merged into them, newest first."""
    own = [patient.pk, *patient.merged.values_list("pk", flat=True)]
    named = [f"{name}{SEPARATOR}{CATEGORY[0]}|{CATEGORY[1]}" for name in ("type", "category")]
    rows = Resource.objects.filter(
        patient__in=own, type="DocumentReference", deleted=False, tokens__overlap=named
    ).order_by("-last_updated", "-pk")[:MOST]
    current = {row.pk: row.version for row in rows}
    versions = ResourceVersion.objects.filter(resource__in=current).select_related("resource")
    found = [v for v in versions if v.version == current[v.resource_id]]
    found.sort(key=lambda v: (v.resource.last_updated, v.resource_id), reverse=True)
    return [document for version in found for document in _attachments(version)]


def document_of(patient: Patient, key: str) -> Document | None:
    """The one that a page named, if it is still the patient's and still that version."""
    return next((d for d in documents_of(patient) if d.key == key), None)


def content_of(document: Document, patient: Patient) -> bytes:
    """The attachment's bytes. Raises NetworkError: not there, not what the document says it is."""
    attachment = document.attachment
    if document.wrong:
        raise NetworkError(document.wrong)
    text = attachment.get("data")
    if text is None:
        text = _binary(str(attachment.get("url", "")), patient).get("data", "")
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NetworkError("the attachment is no base64 text") from error
    if not content:
        raise NetworkError("the attachment is empty")
    stated = attachment.get("hash")
    sha1 = hashlib.sha1(content, usedforsecurity=False).digest()
    if stated and stated != base64.b64encode(sha1).decode():
        raise NetworkError("the attachment is not the file that the document speaks of (hash)")
    if isinstance(attachment.get("size"), int) and attachment["size"] != len(content):
        raise NetworkError("the attachment is not the file that the document speaks of (size)")
    return content


def _attachments(version: ResourceVersion) -> Iterator[Document]:
    resource = _content(version)
    if resource.get("status") != "current" or resource.get("docStatus") == "entered-in-error":
        return
    if not _is_ours(resource):
        return
    for index, content in enumerate(resource.get("content", [])):
        attachment = content.get("attachment", {})
        kind = str(attachment.get("contentType", "")).partition(";")[0].strip().lower()
        title = attachment.get("title") or resource.get("description") or "document without a title"
        yield Document(
            version,
            index,
            str(title)[:120],
            str(attachment.get("creation") or resource.get("date") or "")[:10],
            _system(content.get("format", {})),
            attachment,
            "the document is preliminary"
            if resource.get("docStatus") == "preliminary"
            else _wrong(kind, attachment),
        )


def _content(version: ResourceVersion) -> Json:
    found = loads(version.content.encode()) if version.content else {}
    return found if isinstance(found, dict) else {}


def _is_ours(resource: Json) -> bool:
    concepts = [resource.get("type", {}), *resource.get("category", [])]
    codings = [coding for concept in concepts for coding in concept.get("coding", [])]
    return any((c.get("system"), c.get("code")) == CATEGORY for c in codings)


def _system(coding: Json) -> GeneSystem | None:
    name = str(coding.get("code", "")).upper()
    is_stated = coding.get("system") == FORMATS and name in GeneSystem.__members__
    return GeneSystem[name] if is_stated else None


def _wrong(kind: str, attachment: Json) -> str:
    if kind not in (*CONTENT_TYPES, *PACKED_TYPES):
        return f"{kind or 'no content type'}: only {' and '.join(CONTENT_TYPES)} are read"
    if "data" in attachment:
        return ""
    reference = parse_reference(str(attachment.get("url", "")))
    if reference.kind != "relative" or reference.type != "Binary":
        return "the attachment is elsewhere; it is not fetched"
    return ""


def _binary(url: str, patient: Patient) -> Json:
    """A Binary of this server that is nobody else's."""
    reference = parse_reference(url)
    row = Resource.objects.filter(type="Binary", fhir_id=reference.id, deleted=False).first()
    if row is None:
        raise NetworkError(f"{reference.literal} is not in the record")
    wanted = reference.version or str(row.version)
    version = ResourceVersion.objects.filter(resource=row)
    found = version.filter(version=int(wanted)).first() if wanted.isdecimal() else None
    if found is None or not found.content:
        raise NetworkError(f"{reference.text} is not in the record")
    binary = _content(found)
    of_whom = parse_reference(str(binary.get("securityContext", {}).get("reference", "")))
    own = {patient.fhir_id, *patient.merged.values_list("fhir_id", flat=True)}
    if of_whom.type == "Patient" and of_whom.id not in own:
        raise NetworkError(f"{reference.literal} belongs to another patient")
    return binary
