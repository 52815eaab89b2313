"""Who has looked at a patient's record, from the audit log, in words for the patient."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oauth2_provider.models import get_application_model

from patients.models import AuditEvent, Patient, ResourceVersion
from twinportal.accounts.models import User
from twinportal.my_record.log_words import action_words, what_words

PAGE_SIZE = 25
# further back a list of 25 a page helps nobody; the file of all data has nothing of this log
MOST_PAGES = 400
Who = Literal["others", "people", "systems", "me"]
FILTERS: dict[str, Any] = {
    "others": gettext_lazy("Everybody else"),
    "people": gettext_lazy("People"),
    "systems": gettext_lazy("Computer systems"),
    "me": gettext_lazy("Me"),
}
ROLES: dict[str, Any] = {
    "clinician": gettext_lazy("care team"),
    "steward": gettext_lazy("looks after the data"),
    "patient": gettext_lazy("patient"),
}


@dataclass(frozen=True)
class Line:
    """One line of the log: when, who, what they did, with which part."""

    at: datetime
    who: str
    role: str
    did: str
    what: str


@dataclass(frozen=True)
class LogPage:
    lines: Sequence[Line]
    number: int
    has_more: bool


def access_log(patient: Patient, who: str, number: int) -> LogPage:
    """A page of the log, newest first. At most seven queries, however many lines there are.

    Refusals are none of it: who was refused saw nothing.
    """
    own = [patient.pk, *patient.merged.values_list("pk", flat=True)]
    number = min(max(number, 1), MOST_PAGES)
    first = (number - 1) * PAGE_SIZE
    events = _of(own, who).order_by("-at", "-pk")[first : first + PAGE_SIZE + 1]
    rows = list(events)
    return LogPage(
        _lines(rows[:PAGE_SIZE], own), number, len(rows) > PAGE_SIZE and number < MOST_PAGES
    )


def _of(own: Collection[int], who: str) -> "QuerySet[AuditEvent]":
    mine = [str(pk) for pk in User.objects.filter(patient__in=own).values_list("pk", flat=True)]
    events = AuditEvent.objects.filter(patient_ids__overlap=list(own)).exclude(outcome="refused")
    by_me = {"actor_kind": "user", "actor__in": mine}
    match who:
        case "me":
            return events.filter(**by_me)
        case "people":
            return events.filter(actor_kind="user").exclude(actor__in=mine)
        case "systems":
            return events.exclude(actor_kind="user")
        case _:
            return events.exclude(**by_me)


def _lines(events: Sequence[AuditEvent], own: Collection[int]) -> list[Line]:
    users = _users(events)
    clients = _clients(events)
    practitioners = _practitioner_names({u.practitioner_id for u in users.values()} - {""})
    lines = []
    for event in events:
        user = users.get(event.actor) if event.actor_kind == "user" else None
        if event.actor_kind == "client":
            who, role = clients.get(event.actor, _("A hospital computer system")), ""
        elif event.actor_kind != "user":
            who, role = _("This system"), ""
        elif user is None:
            who, role = _("Somebody who has no account any more"), ""
        elif user.patient_id in own:
            who, role = _("You"), ""
        else:
            named = user.get_full_name() or practitioners.get(user.practitioner_id, "")
            role = str(ROLES.get(user.role, ""))
            who = named or _("A member of the staff")
        lines.append(Line(event.at, who, role, action_words(event.action), what_words(event.what)))
    return lines


def _users(events: Sequence[AuditEvent]) -> dict[str, User]:
    keys = {e.actor for e in events if e.actor_kind == "user" and e.actor.isdigit()}
    return {str(user.pk): user for user in User.objects.filter(pk__in=keys)} if keys else {}


def _clients(events: Sequence[AuditEvent]) -> dict[str, str]:
    keys = {e.actor for e in events if e.actor_kind == "client" and e.actor.isdigit()}
    rows = get_application_model().objects.filter(pk__in=keys).values_list("pk", "name")
    return {str(pk): name for pk, name in rows if name} if keys else {}


def _practitioner_names(fhir_ids: Collection[str]) -> dict[str, str]:
    """As their Practitioner resources name them."""
    if not fhir_ids:
        return {}
    versions = ResourceVersion.objects.filter(
        resource__type="Practitioner",
        resource__fhir_id__in=fhir_ids,
        resource__deleted=False,
        version=F("resource__version"),
    )
    contents = versions.values_list("resource__fhir_id", "content")
    return {fhir_id: _name(orjson.loads(content)) for fhir_id, content in contents}


def _name(practitioner: dict[str, Any]) -> str:
    name: dict[str, Any] = next(iter(practitioner.get("name", [])), {})
    parts = [*name.get("prefix", []), *name.get("given", []), name.get("family", "")]
    return str(name.get("text") or " ".join(part for part in parts if part))
