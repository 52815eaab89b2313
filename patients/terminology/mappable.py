"""What a data steward may map, and onto what. A mapping never overrides the committed tables."""

from patients.terminology.answers import ANSWER_VALUES, answer_of
from patients.terminology.codings import Code, code_of
from patients.terminology.conditions import CONDITIONS, condition_of
from patients.terminology.genes import genotype_code
from patients.terminology.meanings import Key, MappingKind, medication_target
from patients.terminology.measurements import CODED, MEASUREMENTS, OBSERVATIONS, observation_of
from patients.terminology.medications import is_listed
from patients.terminology.senders import is_sender
from patients.terminology.units import ucum_of, units_of

# what search finds (`patients.fhir.search_index`), and what the tables hold
LONGEST_SYSTEM, LONGEST_CODE = 400, 64


def why_not_mappable(key: Key) -> str:
    """Why nobody may map this; "" if a steward may."""
    if key.kind == MappingKind.UNIT:
        return _why_not_unit(key)
    if not key.code:
        return "It has no code: a text is never mapped."
    if not key.system:
        return "It has no code system: the same letters may mean something else elsewhere."
    if len(key.system) > LONGEST_SYSTEM or len(key.code) > LONGEST_CODE:
        return "The code is longer than what is kept of codes here."
    if any(c.isspace() for c in key.system):
        return "A code system is a URI, which has no spaces."
    if key.kind == MappingKind.ANSWER and key.concept not in CODED:
        return "There is no such coded observation."
    standard = code_of(key.system, key.code)
    if standard is not None and _is_in_tables(key, standard):
        return "Our own tables speak of this very code, and no mapping overrides them."
    return ""


def _is_in_tables(key: Key, standard: Code) -> bool:
    match key.kind:
        case MappingKind.OBSERVATION:
            return observation_of(standard) is not None or genotype_code(standard) is not None
        case MappingKind.ANSWER:
            return answer_of(key.concept, standard) is not None
        case MappingKind.CONDITION:
            return condition_of(standard) is not None
        case _:
            return is_listed(standard)


def _why_not_unit(key: Key) -> str:
    if key.concept not in MEASUREMENTS:
        return "There is no such measurement."
    if not key.code:
        return "It was sent without a unit, and a unit is never guessed."
    if len(key.code) > LONGEST_CODE:
        return "The unit is longer than what is kept of units here."
    if not is_sender(key.source):
        return "It is not said who sends it: others may mean another unit by the same letters."
    known = ucum_of(key.code)
    if known in units_of(key.concept):
        return (
            f"Our own tables read it as {known}. These values are unused for another reason: their"
            " code and their unit contradict each other, or the unit is ambiguous under the code."
        )
    if known:
        return f"It is {known}, which is no unit of this measurement; a mapping cannot make it one."
    return ""


def why_not_target(key: Key, target: str) -> str:
    """Why this cannot be what the key means; "" if it can."""
    return "" if _is_target(key, target) else "Choose what it means from the list."


def _is_target(key: Key, target: str) -> bool:
    match key.kind:
        case MappingKind.OBSERVATION:
            return target in OBSERVATIONS
        case MappingKind.CONDITION:
            return target in CONDITIONS
        case MappingKind.ANSWER:
            return target in ANSWER_VALUES.get(key.concept, ())
        case MappingKind.MEDICATION:
            return medication_target(target) is not None
        case _:
            return target in units_of(key.concept)


def without_effect(key: Key, target: str) -> str:
    """Why a mapping that is in force changes nothing: the tables have changed since it was made."""
    if not _is_target(key, target):
        return "What it maps onto is no longer in our tables."
    return why_not_mappable(key)


def target_text(key: Key, target: str) -> str:
    """What a mapping maps onto, for people."""
    match key.kind:
        case MappingKind.OBSERVATION if target in OBSERVATIONS:
            return OBSERVATIONS[target].display
        case MappingKind.CONDITION if target in CONDITIONS:
            return CONDITIONS[target].display
        case MappingKind.MEDICATION if drug := medication_target(target):
            return drug.display
        case MappingKind.ANSWER:
            return f"{concept_text(key.concept)}: {target}"
        case _:
            return target


def concept_text(concept: str) -> str:
    """Its name, for people."""
    known = OBSERVATIONS.get(concept) or CONDITIONS.get(concept)
    return known.display if known else concept
