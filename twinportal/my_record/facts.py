"""What a patient's record says of them, in words, with the day and who sent it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from explain.wording.phrases import Level
from patients.models import Fact, Patient, ResourceVersion
from patients.selectors.senders import sender_at, sender_names
from patients.terminology.conditions import CONDITIONS
from patients.terminology.measurements import OBSERVATIONS
from patients.terminology.senders import SERVER
from twinportal.dashboards.clinician.trends import number, unit_text

Kind, Quality = Fact.Kind, Fact.Quality
# derived from others, of a stay, or of genes: none that a patient could say is right
SHOWN_KINDS = (Kind.CONDITION, Kind.MEDICATION, Kind.ALLERGY, Kind.MEASUREMENT, Kind.CODED)
MOST_SHOWN = 1000
LONGEST_LABEL = 120
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (gettext_noop("Illnesses"), (Kind.CONDITION,)),
    (gettext_noop("Medicines"), (Kind.MEDICATION,)),
    (gettext_noop("Allergies"), (Kind.ALLERGY,)),
    (gettext_noop("Habits"), (Kind.CODED,)),
    (gettext_noop("Tests and measurements"), (Kind.MEASUREMENT,)),
)
NAMELESS = {
    Kind.CONDITION: gettext_noop("An illness without a name"),
    Kind.MEDICATION: gettext_noop("A medicine without a name"),
    Kind.ALLERGY: gettext_noop("An allergy without a name"),
    Kind.MEASUREMENT: gettext_noop("A test without a name"),
    Kind.CODED: gettext_noop("An entry without a name"),
}
SAID = {
    "current": gettext_noop("you smoke"),
    "former": gettext_noop("you used to smoke"),
    "never": gettext_noop("you never smoked"),
    "none_known": gettext_noop("no known allergies"),
    "none_known_drug": gettext_noop("no known allergies to medicines"),
    "none_known_food": gettext_noop("no known allergies to food"),
    "none_known_environmental": gettext_noop("no known allergies to things around you"),
}


@dataclass(frozen=True)
class FactLine:
    """One fact as the patient reads it. `value` is what was sent, with its unit.

    `label` is in `language`: "en" where it is a name of the record or of our English tables, empty
    where it is in the reader's.
    """

    pk: int
    key: tuple[int, str, str]
    kind: str
    label: str
    language: str
    value: str
    day: date | None
    until: date | None
    sender: str


def fact_groups(patient: Patient, level: Level) -> list[tuple[str, list[FactLine]]]:
    """By kind, newest first, each medicine, illness or kind of test once. Three queries."""
    rows = (
        _standing(patient)
        .order_by("kind", "concept", "display", "-effective_at", "-pk")
        .distinct("kind", "concept", "display")[:MOST_SHOWN]
    )
    newest: dict[tuple[str, str], FactLine] = {}
    for line in fact_lines(list(rows), level):
        known = newest.get((line.kind, line.label.casefold()))
        if known is None or (line.day or date.min) > (known.day or date.min):
            newest[line.kind, line.label.casefold()] = line
    lines = sorted(newest.values(), key=lambda line: line.label.casefold())
    lines.sort(key=lambda line: line.day or date.min, reverse=True)
    return [
        (_(title), found)
        for title, kinds in GROUPS
        if (found := [line for line in lines if line.kind in kinds])
    ]


def fact_of(patient: Patient, pk: int) -> Fact | None:
    """One fact of the patient that may be shown; None for any other."""
    return _standing(patient).filter(pk=pk).first()


def fact_lines(facts: Sequence[Fact], level: Level) -> list[FactLine]:
    """Their words. Two queries."""
    senders = _senders({fact.resource_id for fact in facts})
    named = [(fact, *_label(fact, level)) for fact in facts]
    return [
        FactLine(
            pk=fact.pk,
            key=(fact.resource_id, fact.path, fact.concept),
            kind=fact.kind,
            label=label,
            language=language,
            value=_value(fact),
            day=_day(fact.effective_at),
            until=_day(fact.end_at) if fact.kind in (Kind.CONDITION, Kind.MEDICATION) else None,
            sender=senders.get((fact.resource_id, fact.resource_version), ""),
        )
        for fact, label, language in named
    ]


def _standing(patient: Patient) -> "QuerySet[Fact]":
    facts = Fact.objects.filter(patient=patient, kind__in=SHOWN_KINDS)
    return facts.exclude(quality=Quality.INACTIVE).select_related("resource")


def _label(fact: Fact, level: Level) -> tuple[str, str]:
    """And its language, empty for the reader's."""
    known = OBSERVATIONS.get(fact.concept) or CONDITIONS.get(fact.concept)
    name, language = fact.display, "en"
    if known is not None:
        name = known.plain_name if level == "plain" else known.display
    if fact.kind == Kind.ALLERGY and fact.value_code in SAID:
        name, language = _(SAID[fact.value_code]), ""
    # a bare code is no name
    if not name or name == fact.code or not any(letter.isalpha() for letter in name):
        name, language = _(NAMELESS[Kind(fact.kind)]), ""
    name = Truncator(name).chars(LONGEST_LABEL)
    return name[:1].upper() + name[1:], language


def _value(fact: Fact) -> str:
    if fact.kind == Kind.MEASUREMENT:
        if fact.raw_value:
            return f"{fact.raw_value} {unit_text(fact.raw_unit)}".strip()
        return "" if fact.value is None else f"{number(fact.value)} {unit_text(fact.unit)}".strip()
    if fact.kind == Kind.CODED:
        said = SAID.get(fact.value_code)
        return _(said) if said else _("see your clinic for the details")
    return ""


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment else None


def _senders(resource_ids: Collection[int]) -> dict[tuple[int, int], str]:
    """By resource and version, the name of who sent it."""
    rows: Iterable[tuple[int, int, str]] = (
        ResourceVersion.objects.filter(resource__in=resource_ids)
        .annotate(sender=sender_at("source"))
        .values_list("resource_id", "version", "sender")
    )
    names = sender_names()
    local = _("files that the clinic loaded")
    return {
        (resource, version): local if sender == SERVER else names.get(sender, "")
        for resource, version, sender in rows
    }
