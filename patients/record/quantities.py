"""The value of a measurement: from what was sent to the canonical unit, or why not."""

from dataclasses import dataclass, replace
from math import isfinite

from patients.record.drafts import Quality
from patients.record.elements import Json, child, text
from patients.record.judgement import FINE, Judgement, settled, unclassified, verify
from patients.terminology.meanings import NO_MEANINGS, LocalMeanings
from patients.terminology.measurements import MeasurementConcept, ObservationCode
from patients.terminology.units import CONVERSIONS, UCUM_SYSTEMS, to_canonical, ucum_of


@dataclass(frozen=True, slots=True)
class Measured:
    """`value` is in the canonical unit; None when it could not be converted, or is a mere bound.

    `raw_unit` is the unit as sent; where none is read, the text that was to decide.
    """

    raw_value: str
    raw_unit: str = ""
    value: float | None = None
    judgement: Judgement = FINE
    mappings: tuple[int, ...] = ()


def measured(
    meaning: ObservationCode, holder: Json, meanings: LocalMeanings = NO_MEANINGS
) -> Measured | None:
    """The value of an Observation or a component; None when it has none (dataAbsentReason).

    Only a Quantity has a unit. An integer or a numeric text has none and is never given one,
    except where the measurement has no dimension (GCS, INR).
    """
    concept = meaning.concept
    if not isinstance(concept, MeasurementConcept):
        raise TypeError(f"{concept.id} is no measurement")
    quantity = child(holder, "valueQuantity")
    if quantity:
        return _of_quantity(meaning, concept, quantity, meanings)
    if (number := _number(holder.get("valueInteger"))) is not None:
        return _without_unit(concept, Measured(_as_sent(holder["valueInteger"])), number)
    sent = text(holder, "valueString")
    if sent:
        return _of_text(sent)
    if child(holder, "valueCodeableConcept"):
        return Measured("", judgement=unclassified("a code, not a quantity"))
    return None


def _of_text(sent: str) -> Measured:
    try:
        float(sent)
    except ValueError:
        return Measured(sent, judgement=unclassified("a text, not a quantity"))
    return Measured(sent, judgement=Judgement(Quality.MISSING_UNIT, "a text without a unit"))


def _of_quantity(
    meaning: ObservationCode, concept: MeasurementConcept, quantity: Json, meanings: LocalMeanings
) -> Measured | None:
    number = _number(quantity.get("value"))
    if number is None:
        return None
    comparator = text(quantity, "comparator")
    sent = Measured(comparator + _as_sent(quantity["value"]), _raw_unit(quantity))
    if comparator:
        # "<5" says that the value is below 5, not what it is; using 5 would be a guess
        reason = f"sent as {sent.raw_value} {sent.raw_unit}: a bound, not a value"
        return replace(sent, judgement=unclassified(reason))
    if not sent.raw_unit:
        return _without_unit(concept, sent, number)
    unit, mapping, conflict = _unit(concept.id, quantity, meanings)
    sent = replace(sent, mappings=(mapping,) if mapping else ())
    converted = None if unit is None else to_canonical(concept.id, number, unit)
    if conflict or converted is None or unit == meaning.refused_unit:
        read = _unit_read(quantity)
        reason = conflict or f"{read!r} is no unit that we know for {concept.display}"
        if unit == meaning.refused_unit and not conflict:
            reason = f"{unit} is ambiguous under code {meaning.code.value}"
        doubt = Judgement(Quality.UNKNOWN_UNIT, reason)
        return replace(sent, raw_unit=sent.raw_unit if conflict else read, judgement=doubt)
    mark = verify(converted.mark) if converted.mark else FINE
    return _in_range(concept, sent, converted.value, mark)


def _unit(concept: str, quantity: Json, meanings: LocalMeanings) -> tuple[str | None, int, str]:
    """The UCUM unit, the mapping that says so (0: our tables), and what is wrong when code and
    unit text say different things.
    """
    code, unit = text(quantity, "code"), text(quantity, "unit")
    if text(quantity, "system") not in UCUM_SYSTEMS or not code:
        meant = meanings.unit(concept, unit or code)
        if meant is None:
            return None, 0, ""
        # what our tables read in the code, whoever's it is, no mapping of the text overrides
        by_code = ucum_of(code) if meant.mapping and code else None
        if by_code and not _same(concept, meant.value, by_code):
            return None, meant.mapping, f"code {code} and unit {unit} contradict each other"
        return meant.value, meant.mapping, ""
    meant, by_unit = meanings.unit(concept, code), ucum_of(unit) if unit else None
    if meant is None:
        return None, 0, ""
    if by_unit and not _same(concept, meant.value, by_unit):
        return None, meant.mapping, f"code {code} and unit {unit} contradict each other"
    return meant.value, meant.mapping, ""


def _same(concept: str, one: str, other: str) -> bool:
    if one == other:
        return True
    first, second = CONVERSIONS.get((concept, one)), CONVERSIONS.get((concept, other))
    if first is None or second is None:
        return False
    return replace(first, mark="") == replace(second, mark="")


def _without_unit(concept: MeasurementConcept, sent: Measured, number: float) -> Measured:
    if concept.unitless:
        return _in_range(concept, sent, number, verify("sent without a unit"))
    reason = f"{sent.raw_value} was sent without a unit"
    return replace(sent, judgement=Judgement(Quality.MISSING_UNIT, reason))


def _in_range(
    concept: MeasurementConcept, sent: Measured, value: float, mark: Judgement
) -> Measured:
    if not isfinite(value) or not concept.is_possible(value):
        reason = f"outside {concept.possible_low:g} to {concept.possible_high:g} {concept.unit}"
        kept = value if isfinite(value) else None
        judgement = settled(mark, Judgement(Quality.IMPOSSIBLE, reason))
        return replace(sent, value=kept, judgement=judgement)
    if not concept.is_usual(value):
        usual = f"{concept.usual_low:g} to {concept.usual_high:g} {concept.unit}"
        whose = f" of {concept.usual_for}" if concept.usual_for else ""
        mark = settled(mark, verify(f"outside the usual {usual}{whose}"))
    return replace(sent, value=value, judgement=mark)


def _number(value: object) -> float | None:
    """A JSON number; True is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _unit_read(quantity: Json) -> str:
    """The text that decides the unit: the code if it is UCUM's, else the unit as written."""
    code, unit = text(quantity, "code"), text(quantity, "unit")
    return code if code and (text(quantity, "system") in UCUM_SYSTEMS or not unit) else unit


def _as_sent(value: object) -> str:
    try:
        return repr(value)[:100]
    except ValueError:
        # Python does not write out an integer of thousands of digits
        return "a number of thousands of digits"


def _raw_unit(quantity: Json) -> str:
    return text(quantity, "unit") or text(quantity, "code")
