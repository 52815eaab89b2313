"""What has become of an item of the quarantine, in words for the client that sent it."""

import orjson

from patients.fhir.outcome import Issue
from patients.models import QuarantinedResource, Resource

State = QuarantinedResource.State
Method = QuarantinedResource.Method
WAITS = {
    True: "it is tried again by itself, and when the data steward asks",
    False: "it is tried again when the data steward asks; send it corrected",
}


def types_in(row: QuarantinedResource) -> list[str]:
    """Resource types that the item would write."""
    if row.method != Method.TRANSACTION:
        return [row.type]
    resources = [entry.get("resource") for entry in orjson.loads(row.content)["entry"]]
    return sorted({str(r["resourceType"]) for r in resources if r})


def status_of(row: QuarantinedResource) -> list[Issue]:
    """First the state; then, of what waits, each fault as a warning.

    What a data steward has written about it is not for the client.
    """
    said = {
        State.WAITING: _waiting,
        State.STORED: _stored,
        State.SUPERSEDED: _superseded,
        State.DISCARDED: _discarded,
    }[State(row.state)](row)
    if row.state != State.WAITING:
        return [_said(said)]
    faults = [
        Issue("warning", f["code"], f["diagnostics"], f["expression"])
        for f in row.faults
        if f["severity"] in ("fatal", "error")
    ]
    return [_said(said), *faults]


def _waiting(row: QuarantinedResource) -> str:
    return f"Waiting since {row.received_at:%Y-%m-%dT%H:%M:%SZ}: nothing uses {_it(row)}; {WAITS[row.retry_at is not None]}"


def _stored(row: QuarantinedResource) -> str:
    corrected = f", corrected by rule {', '.join(map(str, row.rules))}" if row.rules else ""
    if row.method == Method.TRANSACTION:
        return f"Stored: all {row.entries} entries of the transaction{corrected}"
    return f"Stored as {_version(row.stored_type, row.stored_id, row.stored_version)}{corrected}"


def _superseded(row: QuarantinedResource) -> str:
    words = f"Superseded, and never stored: {row.note}"
    if row.method != Method.PUT or not row.fhir_id:
        return words
    named = f"{row.type}/{row.fhir_id}"
    here = Resource.objects.filter(type=row.type, fhir_id=row.fhir_id).first()
    if here is None:
        return f"{words}. {named} is not stored"
    if here.deleted:
        return f"{words}. {named} is deleted"
    return f"{words}. Stored now is {_version(here.type, here.fhir_id, here.version)}"


def _discarded(row: QuarantinedResource) -> str:
    return f"Discarded by the data steward: {_it(row)} is never stored"


def _it(row: QuarantinedResource) -> str:
    if row.method == Method.TRANSACTION:
        return f"this transaction of {row.entries} entries"
    return "it"


def _version(kind: str, fhir_id: str, version: int | None) -> str:
    return f"{kind}/{fhir_id}/_history/{version}"


def _said(words: str) -> Issue:
    return Issue("information", "informational", words)
