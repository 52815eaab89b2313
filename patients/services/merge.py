"""Merges two patients, and undoes it, by writing what FHIR says of it: Patient.link.

A merge is asked for by somebody who knows that two records are of one person. Nothing here ever
finds that out by itself, least of all by a name.
"""

from collections.abc import Sequence
from datetime import datetime

import orjson

from patients.errors import FhirError
from patients.fhir import json_patch
from patients.fhir.outcome import Issue
from patients.fhir.references import parse_reference
from patients.models import Resource, ResourceVersion
from patients.selectors.resources import stored_resource, stored_version
from patients.services import identity, ingest, reception
from patients.services.interactions import Interaction, Json, Sender

Operations = list[Json]


def merge(source: str, target: str, *, sender: Sender, now: datetime) -> None:
    """Patient/source is replaced by Patient/target: both say so in a new version, in one step.

    FhirError 404, 409 (another write came between), 410 or 422.
    """
    if source == target:
        raise _refused(f"Patient/{source} cannot replace itself")
    old, new = _current(source), _current(target)
    if other := identity.replaced_by(orjson.loads(old.content)):
        raise _refused(f"Patient/{source} is replaced by Patient/{other} already")
    _write(
        [
            _change(old, [*_linked(old, target, "replaced-by"), _flag(False)]),
            _change(new, _linked(new, source, "replaces")),
        ],
        sender,
        now,
    )


def separate(source: str, *, sender: Sender, now: datetime) -> str:
    """Take the merge of Patient/source back; returns the id of the patient it was merged into.

    FhirError 404, 409, 410, or 422 when it is not merged.
    """
    old = _current(source)
    target = identity.replaced_by(orjson.loads(old.content))
    if not target:
        raise _refused(f"Patient/{source} is not replaced by anybody")
    changes = [_change(old, [*_unlinked(old, target), *_flag_before(old)])]
    resource = stored_resource(Resource.objects.all(), "Patient", target)
    if resource is not None and not resource.deleted:
        new = _current(target)
        if operations := _unlinked(new, source):
            changes.append(_change(new, operations))
    _write(changes, sender, now)
    return target


def _current(fhir_id: str) -> ResourceVersion:
    resource = stored_resource(Resource.objects.all(), "Patient", fhir_id)
    row = stored_version(resource) if resource else None
    if row is None:
        raise FhirError(404, [Issue("error", "not-found", f"Patient/{fhir_id} is not known here")])
    if not row.content:
        raise FhirError(410, [Issue("error", "deleted", f"Patient/{fhir_id} was deleted")])
    return row


def _change(row: ResourceVersion, operations: Operations) -> Interaction:
    raw = json_patch.apply(row.content, operations)
    return Interaction(
        "PUT",
        "Patient",
        row.resource.fhir_id,
        resource=reception.parsed(raw),
        raw=raw,
        if_match=f'W/"{row.version}"',
    )


def _write(changes: Sequence[Interaction], sender: Sender, now: datetime) -> None:
    reception.check(changes)
    ingest.process(changes, sender=sender, now=now)


def _linked(row: ResourceVersion, other: str, kind: str) -> Operations:
    link = {"other": {"reference": f"Patient/{other}"}, "type": kind}
    if "link" in orjson.loads(row.content):
        return [{"op": "add", "path": "/link/-", "value": link}]
    return [{"op": "add", "path": "/link", "value": [link]}]


def _unlinked(row: ResourceVersion, other: str) -> Operations:
    """Without the links by which the two replace each other."""
    links = orjson.loads(row.content).get("link", [])
    kept = [link for link in links if not _replaces(link, other)]
    if len(kept) == len(links):
        return []
    if kept:
        return [{"op": "replace", "path": "/link", "value": kept}]
    return [{"op": "remove", "path": "/link"}]


def _replaces(link: Json, other: str) -> bool:
    parsed = parse_reference(link.get("other", {}).get("reference", ""))
    return link.get("type") in ("replaced-by", "replaces") and parsed.literal == f"Patient/{other}"


def _flag(value: bool) -> Json:
    return {"op": "add", "path": "/active", "value": value}


def _flag_before(row: ResourceVersion) -> Operations:
    """`active` as it was in the last version that nobody replaced."""
    contents = (
        orjson.loads(version.content)
        for version in row.resource.versions.order_by("-version")
        if version.content
    )
    before: Json = next((c for c in contents if not identity.replaced_by(c)), {})
    if "active" in before:
        return [_flag(before["active"])]
    return [{"op": "remove", "path": "/active"}] if "active" in orjson.loads(row.content) else []


def _refused(words: str) -> FhirError:
    return FhirError(422, [Issue("error", "business-rule", words, "Patient.link")])
