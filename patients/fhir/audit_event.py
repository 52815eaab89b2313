"""The audit log as FHIR: what one entry of it is as an R4 AuditEvent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from patients.fhir.json_codec import instant

Json = dict[str, Any]
TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
RESTFUL = "http://hl7.org/fhir/restful-interaction"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
# whoever reads the log must be able to tell who it was: keys of the OAuth client or the user
ACTORS = {"client": "urn:twinportal:client", "user": "urn:twinportal:user"}
REQUESTS = "urn:twinportal:request"
ACTIONS = {"create": "C", "update": "U", "patch": "U", "delete": "D", "read": "R", "history": "R"}
REST = {"system": TYPES, "code": "rest", "display": "RESTful Operation"}
RECORD = {"system": DICOM, "code": "110110", "display": "Patient Record"}
SIGN_ON = {"system": DICOM, "code": "110114", "display": "User Authentication"}
# what the log calls the OAuth endpoints
OAUTH = "OAuth"
INTERACTIONS = {
    **{name: name for name in ("read", "create", "update", "patch", "delete")},
    "search": "search-type",
    "history": "history-instance",
    **{name: name for name in ("transaction", "batch")},
}
REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}(/_history/[0-9]+)?")


@dataclass(frozen=True)
class Entry:
    """One entry of the log. `patients` are FHIR ids; `actor_kind` is client, user or system."""

    fhir_id: str
    at: datetime
    actor_kind: str
    actor: str
    action: str
    what: str
    detail: str
    patients: Sequence[str]
    outcome: str
    request_id: str = ""


def audit_event(entry: Entry) -> Json:
    """The resource. A client signs in and speaks FHIR; people and the server open records."""
    is_rest = entry.actor_kind == "client" and entry.action in INTERACTIONS
    made: Json = {
        "resourceType": "AuditEvent",
        "id": entry.fhir_id,
        "meta": {"versionId": "1", "lastUpdated": instant(entry.at)},
        "type": SIGN_ON if entry.what == OAUTH else REST if is_rest else RECORD,
        "action": ACTIONS.get(entry.action, "E"),
        "recorded": instant(entry.at),
        "outcome": "0" if entry.outcome == "success" else "4",
        "outcomeDesc": f"{entry.action} {entry.what}: {entry.outcome}",
        "agent": [{"who": _actor(entry), "requestor": True}],
        "source": {"observer": {"display": "Twinportal"}},
    }
    if is_rest:
        made["subtype"] = [{"system": RESTFUL, "code": INTERACTIONS[entry.action]}]
    if entities := [*_entities(entry)]:
        made["entity"] = entities
    return made


def _actor(entry: Entry) -> Json:
    if entry.actor_kind not in ACTORS or not entry.actor:
        return {"display": f"Twinportal {entry.actor}".strip()}
    return {"identifier": {"system": ACTORS[entry.actor_kind], "value": entry.actor}}


def _entities(entry: Entry) -> list[Json]:
    references = [f"Patient/{fhir_id}" for fhir_id in entry.patients]
    if REFERENCE.fullmatch(entry.detail) and entry.detail not in references:
        references.append(entry.detail)
    found: list[Json] = [{"what": {"reference": text}} for text in references]
    if entry.request_id:
        identifier = {"system": REQUESTS, "value": entry.request_id}
        found.append({"what": {"identifier": identifier}})
    return found
