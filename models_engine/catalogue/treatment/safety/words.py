"""How a finding speaks of what it has read, and of what is missing."""

from collections.abc import Iterable, Iterator

from models_engine.catalogue.treatment.knowledge.criteria import INDICATION
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import DrugClass
from models_engine.catalogue.treatment.person import Reading, Reference, Taken, TreatmentPerson
from patients.terminology.conditions import CONDITIONS
from patients.terminology.measurements import MEASUREMENTS

# what is computed is told by name, and for patients
COMPUTED_NAMES = {
    "age": ("Age", "age"),
    "sex": ("Sex", "sex"),
    "egfr": ("eGFR", "kidney function (a blood test)"),
    "crcl": ("Creatinine clearance", "kidney function (a blood test, with weight and height)"),
    "crcl_actual_weight": (
        "Creatinine clearance with actual weight",
        "kidney function (a blood test, with weight and height)",
    ),
    "medicines_taken": ("Number of medicines", "number of medicines"),
    "anticholinergics_taken": ("Anticholinergic medicines", "medicines that can confuse"),
    "sedatives_taken": ("Sedating medicines", "medicines that make drowsy"),
    "cha2ds2_vasc": ("CHA2DS2-VASc", "stroke score"),
    "cha2ds2_va": ("CHA2DS2-VA", "stroke score"),
    "has_bled": ("HAS-BLED", "bleeding score"),
    INDICATION: ("Indication", "what the medicine is for"),
}
# what a computed value is computed from
PARTS = {
    "egfr": ("creatinine",),
    "crcl": ("creatinine", "weight", "height"),
    "crcl_actual_weight": ("creatinine", "weight", "height"),
}
# what stands beside a value where it differs
BESIDE = {"crcl": "crcl_actual_weight"}


def name_of(concept: str) -> str:
    """A concept's name for a clinician."""
    if concept in COMPUTED_NAMES:
        return COMPUTED_NAMES[concept][0]
    known = MEASUREMENTS.get(concept) or CONDITIONS.get(concept)
    return known.display if known else concept.replace("_", " ")


def plain_name_of(concept: str) -> str:
    """A concept's name for a patient."""
    if concept in COMPUTED_NAMES:
        return COMPUTED_NAMES[concept][1]
    known = MEASUREMENTS.get(concept) or CONDITIONS.get(concept)
    return known.plain_name if known else concept.replace("_", " ")


def to_record(missing: Iterable[str], person: TreatmentPerson) -> tuple[str, ...]:
    """What to measure or record for missing concepts: the parts of a computed one that are not there."""
    found: dict[str, None] = {}
    for concept in missing:
        lacking = [part for part in PARTS.get(concept, ()) if part not in person.readings]
        found |= dict.fromkeys(lacking or [concept])
    return tuple(found)


def missing_words(missing: Iterable[str], person: TreatmentPerson) -> str:
    """ "eGFR is not known (last of 2023-04-01: 41 mL/min/{1.73_m2}, too old)." of each."""
    said = []
    for concept in missing:
        last = person.too_old.get(concept)
        for part in PARTS.get(concept, ()):
            last = last or person.too_old.get(part)
        why = f"last of {_day(last)}: {_amount(last)}, too old" if last else "none recorded"
        if concept in PARTS and not last and all(p in person.readings for p in PARTS[concept]):
            why = "not computed for this person"
        said.append(f"{name_of(concept)} is not known ({why}).")
    return " ".join(said)


def missing_plain(missing: Iterable[str]) -> str:
    """The same for a patient."""
    names = ", ".join(plain_name_of(concept) for concept in missing)
    return f"Your care team needs to know more before this can be judged: {names}."


def read_words(used: Iterable[str], person: TreatmentPerson) -> str:
    """What was read of a person: "Age 82; Potassium 5.6 mmol/L of 2026-11-02; Gout"."""
    said: dict[str, None] = {}
    for name in _with_beside(used, person):
        reading = person.readings.get(name)
        if reading is not None:
            said[f"{name_of(name)} {_amount(reading)} of {_day(reading)}"] = None
        elif name in person.conditions:
            said[name_of(name)] = None
        elif (value := person.value(name)) is not None:
            said[f"{name_of(name)} {value:.15g}"] = None
        else:
            said |= dict.fromkeys(
                f"takes {one.label}" for one in person.medicines if _is_of(one, name)
            )
    return "; ".join(said)


def _with_beside(used: Iterable[str], person: TreatmentPerson) -> Iterator[str]:
    for name in used:
        yield name
        other = BESIDE.get(name, "")
        if other in person.readings and person.value(other) != person.value(name):
            yield other


def references_to(used: Iterable[str], person: TreatmentPerson) -> tuple[Reference, ...]:
    """The resources behind what was read, each once."""
    found: dict[Reference, None] = {}
    for name in used:
        found |= dict.fromkeys(person.conditions.get(name, ()))
        reading = person.readings.get(name)
        if reading is not None and reading.reference is not None:
            found[reading.reference] = None
        for one in person.medicines:
            if _is_of(one, name):
                found |= dict.fromkeys(one.references)
    return tuple(found)


def with_reading(says: str, read: str) -> str:
    """The sentence of a row and what it was read from."""
    return f"{says} ({read})" if read else says


def class_label(name: str, knowledge: Knowledge) -> str:
    """A class by its label."""
    row = knowledge.by_id(DrugClass).get(name)
    return row.label if row else name


def _is_of(taken: Taken, name: str) -> bool:
    return name in taken.ingredients or name in taken.classes


def _amount(reading: Reading) -> str:
    return f"{reading.value:.4g} {reading.unit}".strip()


def _day(reading: Reading) -> str:
    return reading.at.isoformat() if reading.at else "an unknown day"
