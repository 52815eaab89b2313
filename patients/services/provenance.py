"""Who sent what: a Provenance for every ingest, written with the resources it speaks of."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from patients.fhir.json_codec import content_hash, instant
from patients.fhir.search import extract_index
from patients.services.interactions import Interaction, Origin, Sender
from patients.services.plan import Change
from patients.services.server_written import OWN_SYSTEM

ACTIVITIES = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
ROLES = "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type"
Json = dict[str, Any]


def provenances(changes: Sequence[Change], sender: Sender, now: datetime) -> list[Change]:
    """New resources, one for each patient and activity of a request.

    No Provenance speaks of two patients, so that it can be shown to whom its patient is shown.
    """
    groups: dict[tuple[str, int | None, str], list[Change]] = defaultdict(list)
    for change in changes:
        if change.interaction.type != "Provenance":
            owner = change.existing.patient_id if change.is_deletion and change.existing else None
            groups[change.patient_fhir_id, owner, _activity(change)].append(change)
    return [
        _change(activity, targets, fhir_id, owner, sender, now)
        for (fhir_id, owner, activity), targets in groups.items()
    ]


def _activity(change: Change) -> str:
    if change.is_deletion:
        return "DELETE"
    return "CREATE" if change.existing is None or change.existing.deleted else "UPDATE"


def _change(
    activity: str,
    targets: Sequence[Change],
    patient_fhir_id: str,
    patient_id: int | None,
    sender: Sender,
    now: datetime,
) -> Change:
    content = _content(str(uuid.uuid4()), activity, targets, sender, now)
    interaction = Interaction("POST", "Provenance", content["id"], resource=content)
    return Change(
        interaction,
        None,
        1,
        content_hash(content),
        orjson.dumps(content).decode(),
        extract_index(content),
        patient_fhir_id,
        patient_id=patient_id,
    )


def _content(
    fhir_id: str, activity: str, targets: Sequence[Change], sender: Sender, now: datetime
) -> Json:
    meta: Json = {
        "versionId": "1",
        "lastUpdated": instant(now),
        "tag": [{"system": OWN_SYSTEM, "code": "ingest"}],
    }
    if sender.request_id:
        meta["source"] = f"urn:twinportal:request:{sender.request_id}"
    content: Json = {
        "resourceType": "Provenance",
        "id": fhir_id,
        "meta": meta,
        "target": [
            {"reference": f"{c.interaction.reference}/_history/{c.version}"} for c in targets
        ],
        "recorded": instant(now),
        "activity": {"coding": [{"system": ACTIVITIES, "code": activity}]},
        "agent": [
            {
                "type": {"coding": [{"system": ROLES, "code": "transmitter"}]},
                "who": {"display": sender.source},
            }
        ],
    }
    if sender.origin is not None:
        content["entity"] = [_entity(sender.origin)]
    return content


def _entity(origin: Origin) -> Json:
    """The item of the quarantine that this was: as it came, or revised by correction rules."""
    words = f"kept in quarantine, received {instant(origin.received_at)}"
    if origin.rules:
        words += f"; corrected by rule {', '.join(map(str, origin.rules))}"
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{origin.public_id}"}
    return {
        "role": "revision" if origin.rules else "source",
        "what": {"identifier": identifier, "display": words},
    }
