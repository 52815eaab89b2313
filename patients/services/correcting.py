"""Correction rules: the code that a client means where it writes another text.

Only elements of type `code` with a required binding have them, and only a resource that fails
validation is ever changed by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from patients import audit
from patients.fhir.corrections import texts_at, with_code
from patients.fhir.element_paths import codes_of
from patients.fhir.outcome import Issue
from patients.models import CorrectionRule, QuarantinedResource
from patients.services.fault_places import WRONG_CODE, cause, path_of, types_of
from patients.services.interactions import Interaction

LONGEST = 200


class RuleFault(ValueError):
    """Why a rule cannot be; the words are for the person who makes it."""


@dataclass(frozen=True)
class Correction:
    """Interactions as they should have been sent, and the keys of the rules that say so."""

    interactions: list[Interaction]
    rules: tuple[int, ...]


def corrected(
    interactions: Sequence[Interaction], issues: Sequence[Issue], *, application_id: int | None
) -> Correction | None:
    """What the rules make of refused interactions; None where they change nothing.

    Those given stay as they are.
    """
    types = types_of(interactions)
    paths = {path_of(issue, types) for issue in issues if issue.code == WRONG_CODE}
    if not paths:
        return None
    whose = Q(application=None) | Q(application=application_id)
    rules = CorrectionRule.objects.filter(whose, ended_at=None, element__in=paths)
    # a client's own rule before one for everybody
    ordered = list(rules.order_by(F("application").asc(nulls_last=True), "pk"))
    used: set[int] = set()
    done = [_one(interaction, ordered, used) for interaction in interactions]
    return Correction(done, tuple(sorted(used))) if used else None


def _one(interaction: Interaction, rules: Sequence[CorrectionRule], used: set[int]) -> Interaction:
    raw, resource = interaction.raw, interaction.resource
    for rule in rules:
        if rule.type == interaction.type and rule.from_text in texts_at(resource, rule.element):
            raw = with_code(raw, rule.element, rule.from_text, rule.to_text)
            resource = orjson.loads(raw)
            used.add(rule.pk)
    return replace(interaction, raw=raw, resource=orjson.loads(raw) if raw else None)


def check_rule(*, element: str, from_text: str, to_text: str, reason: str) -> None:
    """Raises RuleFault where there can be no such rule."""
    codes = codes_of(element)
    if not codes:
        raise RuleFault(f"{element[:60]} has no list of codes of its own")
    if to_text not in codes:
        raise RuleFault("Choose one of the codes")
    if not from_text or len(from_text) > LONGEST or "\0" in from_text or from_text in codes:
        raise RuleFault("The text to correct is empty, too long, or a code itself")
    if not reason.strip() or "\0" in reason:
        raise RuleFault("Say why")


def make_rule(
    *,
    application_id: int | None,
    element: str,
    from_text: str,
    to_text: str,
    reason: str,
    by: str,
    now: datetime,
) -> CorrectionRule:
    """A new rule; what waits and has its fault is due at once. Raises RuleFault."""
    check_rule(element=element, from_text=from_text, to_text=to_text, reason=reason)
    try:
        with transaction.atomic():
            rule = CorrectionRule.objects.create(
                application_id=application_id,
                type=element.split(".")[0],
                element=element,
                from_text=from_text,
                to_text=to_text,
                reason=reason.strip()[:400],
                made_by=by,
                made_at=now,
            )
            _audit(rule, "create", by)
            touched = QuarantinedResource.objects.filter(
                state=QuarantinedResource.State.WAITING,
                causes__contains=[cause(WRONG_CODE, element)],
            )
            if application_id is not None:
                touched = touched.filter(application=application_id)
            touched.update(retry_at=now, asked_by=by)
    except IntegrityError as error:
        raise RuleFault("There is a rule for this text already: end it first") from error
    return rule


def end_rule(pk: int, *, by: str, now: datetime) -> bool:
    """From now on it is not used; False if it had ended before. What it made stays."""
    with transaction.atomic():
        rows = CorrectionRule.objects.select_for_update().filter(pk=pk, ended_at=None)
        rule = rows.first()
        if rule is None:
            return False
        rule.ended_at, rule.ended_by = now, by
        rule.save(update_fields=["ended_at", "ended_by"])
        _audit(rule, "end", by)
    return True


def _audit(rule: CorrectionRule, action: str, by: str) -> None:
    audit.record(
        actor_kind="user", actor=by, action=action, what="CorrectionRule", detail=str(rule.pk)
    )
