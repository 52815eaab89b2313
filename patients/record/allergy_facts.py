"""AllergyIntolerance -> allergies, and statements that there are none."""

from collections.abc import Iterator

from patients.record.drafts import FactDraft, Kind
from patients.record.elements import Json, child, codings, first_coding, shown, status_of
from patients.record.judgement import FINE, inactive, settled, verify
from patients.record.moments import moment_in, start_of
from patients.terminology.allergies import LISTED, allergy_value

ALLERGY = "allergy"
_VERIFICATION = {
    "refuted": inactive("refuted"),
    "entered-in-error": inactive("entered in error"),
    "unconfirmed": verify("unconfirmed"),
    "presumed": verify("presumed"),
}


def allergy_facts(resource: Json) -> Iterator[FactDraft]:
    """One draft: 'listed' for an allergy whatever its code, else which kind is said to be absent.

    An allergy is never left out for want of a date or of a code; a text is enough to warn.
    """
    code = child(resource, "code")
    coding = first_coding(code)
    values = {allergy_value(one.known) for one in codings(code) if one.known} or {LISTED}
    value = LISTED if len(values) > 1 else values.pop()
    onset = moment_in(resource, "onsetDateTime") or start_of(child(resource, "onsetPeriod"))
    at = onset or moment_in(resource, "recordedDate")
    judgement = settled(
        _VERIFICATION.get(status_of(child(resource, "verificationStatus")), FINE),
        FINE if at else verify("no date: counted from the day it reached us"),
    )
    status = status_of(child(resource, "clinicalStatus"))
    over = at.at if at and status in ("inactive", "resolved") else None
    if status in ("inactive", "resolved") and at is None:
        judgement = settled(judgement, inactive(f"{status}, without a date"))
    yield FactDraft(
        path="AllergyIntolerance",
        concept=ALLERGY,
        kind=Kind.ALLERGY,
        quality=judgement.quality,
        value_code=value,
        system=coding.system,
        code=coding.code,
        display=shown(code, coding),
        effective_at=at.at if at else None,
        effective_precision=at.precision if at else "",
        end_at=over,
        reason=judgement.reason,
    )
