"""Reads of data stewards' mappings and of what waits for one. Counts only: nobody is named."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet

from patients.fhir.references import owned_types
from patients.models import CodeSurvey, Fact, Mapping, Resource, UnmappedCode
from patients.selectors.senders import sender_at, sender_name
from patients.terminology.mappable import target_text, why_not_mappable
from patients.terminology.meanings import Key, MappingKind, unit_key

# resources that this server has written itself
OWN_TYPES = ("Provenance", "RiskAssessment")


def newest_survey() -> CodeSurvey | None:
    return CodeSurvey.objects.order_by("-pk").first()


def unmapped_codes(survey: CodeSurvey) -> "QuerySet[UnmappedCode]":
    """Without those that were mapped since they were counted, the most frequent first."""
    rows = survey.codes.order_by("-resources", "id")
    since = Mapping.objects.filter(ended_at=None, made_at__gte=survey.counted_at)
    for mapping in since.exclude(kind=Mapping.Kind.UNIT):
        rows = rows.exclude(
            kind=mapping.kind,
            concept=mapping.concept,
            system=mapping.system,
            code=mapping.code,
        )
    return rows


def display_of(key: Key) -> str:
    """What a sender calls a code, as it was counted or mapped last; "" if nobody has."""
    wanted = {"kind": key.kind.value, "concept": key.concept, "system": key.system}
    counted = UnmappedCode.objects.filter(**wanted, code=key.code).exclude(display="")
    mapped = Mapping.objects.filter(**wanted, code=key.code).exclude(display="")
    found = counted.order_by("-pk").first() or mapped.order_by("-pk").first()
    return found.display if found else ""


@dataclass(frozen=True)
class UnreadUnit:
    """A unit under which a sender sent values of a concept that are not used."""

    concept: str
    raw_unit: str
    resources: int
    patients: int
    key: Key
    why_not: str


def unread_units() -> list[UnreadUnit]:
    """Units that are not read, and values without one, by sender, the most frequent first."""
    rows = (
        Fact.objects.filter(
            quality__in=(Fact.Quality.UNKNOWN_UNIT, Fact.Quality.MISSING_UNIT),
            resource__versions__version=F("resource_version"),
        )
        .annotate(sender=sender_at("resource__versions__source"))
        .values_list("concept", "quality", "raw_unit", "sender")
        .annotate(resources=Count("resource", distinct=True))
        .annotate(patients=Count("patient", distinct=True))
        .order_by("-resources", "concept", "raw_unit", "sender")
    )
    found = []
    for concept, quality, unit, sender, resources, patients in rows:
        sent = unit if quality == Fact.Quality.UNKNOWN_UNIT else ""
        key = unit_key(concept, sent, sender)
        found.append(UnreadUnit(concept, sent, resources, patients, key, why_not_mappable(key)))
    return found


def without_patient() -> list[tuple[str, int]]:
    """Resources that are of a kind that belongs to a patient and name none, by type."""
    rows = (
        Resource.objects.filter(patient__isnull=True, deleted=False, type__in=owned_types())
        .exclude(type__in=OWN_TYPES)
        .values_list("type")
        .annotate(found=Count("pk"))
        .order_by("-found", "type")
    )
    return [(type_name, found) for type_name, found in rows]


def readings(numbers: Collection[int]) -> dict[int, str]:
    """What to say of a fact beside its value, by mapping: who read it so, when and why."""
    rows = Mapping.objects.filter(pk__in=numbers).select_related("made_by") if numbers else ()
    return {mapping.pk: _reading(mapping) for mapping in rows}


def _reading(mapping: Mapping) -> str:
    what = "unit" if mapping.kind == Mapping.Kind.UNIT else "code"
    if mapping.kind == Mapping.Kind.ANSWER:
        what = "answer"
    whose = f" of {sender_name(mapping.source)}" if mapping.source else ""
    key = Key(MappingKind(mapping.kind), mapping.concept, mapping.system, mapping.code)
    made = f"{mapping.made_at.day} {mapping.made_at:%b %Y}"
    words = (
        f"{what} {mapping.display or mapping.code}{whose} read as {target_text(key, mapping.target)} by"
        f" mapping {mapping.pk} (data steward {mapping.made_by.get_username()}, {made}:"
        f" {mapping.reason})"
    )
    if mapping.ended_at is not None:
        words += f", withdrawn {mapping.ended_at.day} {mapping.ended_at:%b %Y}"
    return words


def readings_of(facts: Iterable[Fact]) -> dict[int, list[str]]:
    """By fact, the mappings that it was read by, in words."""
    listed = list(facts)
    words = readings({number for fact in listed for number in fact.mappings})
    return {fact.pk: [words[n] for n in fact.mappings if n in words] for fact in listed}
