"""One person as the rules of treatment read them: from the twin's state and its medicines.

A value counts while it is as recent as the table of measurements asks; an older one is kept
apart, so that a page can say how old it is. A medicine is known by code or by its exact name;
an allergy is read on the careful side (see `knowledge/medicines.py`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from models_engine.catalogue.calendar import first_day_too_old
from models_engine.catalogue.contract import FEMALE, ClinicalModel, Input
from models_engine.catalogue.feature_set import InputUsed
from models_engine.catalogue.mechanistic.refusing import RefusedError
from models_engine.catalogue.mechanistic.renal import (
    RenalPatient,
    creatinine_clearance,
    dosing_weight,
)
from models_engine.catalogue.risk.ckd_epi_2021 import ADULT_AGE, ckd_epi_2021
from models_engine.catalogue.scores.cha2ds2_vasc import cha2ds2_vasc
from models_engine.catalogue.scores.has_bled import has_bled
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.medicines import (
    MedicineIndex,
    Recognised,
    index_of,
)
from models_engine.catalogue.treatment.knowledge.schema import Allele
from models_engine.catalogue.treatment.person import (
    Allergy,
    GeneResult,
    Reading,
    Reference,
    Taken,
    TreatmentPerson,
)
from models_engine.catalogue.treatment.safety.phenotype import (
    Alleles,
    alleles_by_name,
    phenotypes,
)
from models_engine.features import CURRENT_FOR_DAYS, SEX_CODES, StateReader, build_features
from models_engine.record_features import UNREADABLE
from models_engine.what_if_person import is_adult
from patients.record.age import completed_years
from patients.record.allergy_details import AllergyDetails
from patients.record.allergy_status import ALLERGY, allergy_status
from patients.record.condition_facts import UNCLASSIFIED
from patients.record.genotypes import Genotype, unread_genotypes
from patients.record.medicines import MedicineTaken
from patients.record.state import State, Value
from patients.terminology.codings import Atc, RxNorm, code_of
from patients.terminology.conditions import CONDITIONS
from patients.terminology.measurements import MEASUREMENTS
from patients.terminology.medications import medication_of

DIED = "This person has died: no treatment is ranked."
NO_ADULT = "The trials and the models are of adults: no treatment is ranked below 18 years."
NO_AGE = "The age is not known, and the trials are of adults: no treatment is ranked."
EGFR = Input(
    concept="egfr",
    role="derived",
    unit="mL/min/{1.73_m2}",
    label="eGFR",
    order="Order serum creatinine.",
    max_age_days=MEASUREMENTS["creatinine"].max_age_days,
)
HLA = "HLA-"
# allergies of these kinds alone are none to a medicine
NO_MEDICINE = frozenset({"food", "environment"})
MOST_OF_A_LABEL = 80
# marks of direction turn the words around them, of sentences that are ours
_UNSEEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def treatment_person(
    state: State,
    reader: StateReader,
    medicines: Iterable[MedicineTaken] | None = None,
    genotypes: Iterable[Genotype] = (),
    *,
    knowledge: Knowledge,
    allergy_details: Mapping[str, AllergyDetails] | None = None,
    allergies_waiting: bool = False,
) -> TreatmentPerson:
    """The person of a state.

    `medicines` None: those of the state itself, without doses. `allergy_details` by the id of the
    AllergyIntolerance. `allergies_waiting`: an allergy was sent and could not be stored.
    """
    index, alleles = index_of(knowledge), alleles_by_name(knowledge.rows(Allele))
    readings, too_old = _readings(state, reader)
    allergies, unread = _allergies(state, index, allergy_details or {})
    return TreatmentPerson(
        as_of=state.as_of,
        age=state.age,
        sex=state.sex if state.sex in SEX_CODES else "",
        conditions=_conditions(state, reader),
        readings=readings,
        too_old=too_old,
        medicines=tuple(
            _of_state(state, index) if medicines is None else _of_record(medicines, index)
        ),
        allergies=allergies,
        allergies_recorded=allergy_status(state).kind != "not_recorded",
        allergies_unread=unread or allergies_waiting,
        genes=tuple(result for one in genotypes for result in _genes(one, alleles)),
        barred=_barred(state),
        has_died=bool(state.deceased),
        notes=_notes(state, reader),
    )


def _barred(state: State) -> str:
    if state.deceased:
        return DIED
    if is_adult(state):
        return ""
    return NO_AGE if state.age is None else NO_ADULT


def _notes(state: State, reader: StateReader) -> tuple[str, ...]:
    found = []
    unread = state.not_used.get(UNCLASSIFIED, ())
    if count := len({v.resource_id for v in unread if v.quality in UNREADABLE}):
        found.append(
            f"Diagnoses in codes that are not read: {count}. A reason against a medicine among "
            "them would not be seen."
        )
    if count := len(unread_genotypes(state)):
        found.append(
            f"Genetic results that could not be read: {count}. Nothing is concluded from them."
        )
    for concept in CURRENT_FOR_DAYS:
        recorded = state.active(concept)
        if recorded and concept not in reader.circumstances.active:
            found.append(
                f"{CONDITIONS[concept].display} recorded on {recorded.effective_date} has no "
                "recorded end; it was not counted as current."
            )
    return tuple(found)


def _conditions(state: State, reader: StateReader) -> dict[str, tuple[Reference, ...]]:
    """By concept; one that cannot go on for ever counts for as long as it can."""
    found: dict[str, tuple[Reference, ...]] = {}
    for concept in CONDITIONS:
        if concept in CURRENT_FOR_DAYS and concept not in reader.circumstances.active:
            continue
        value = state.history(concept)
        if value is not None:
            found[concept] = (_reference(value),)
    if "stroke" in found and "intracranial_haemorrhage" not in found:
        # most strokes whose kind is not told are ischaemic
        found.setdefault("ischaemic_stroke", found["stroke"])
    return found


def _readings(state: State, reader: StateReader) -> tuple[dict[str, Reading], dict[str, Reading]]:
    """What is recent enough, and the newest of what is not."""
    recent: dict[str, Reading] = {}
    too_old: dict[str, Reading] = {}
    for concept, known in MEASUREMENTS.items():
        newest = state.latest(concept)
        if newest is None or newest.value is None:
            continue
        if concept == "height" and not _is_of_adult(state, newest.effective_date):
            continue
        limit = known.max_age_days
        is_old = limit is not None and reader.today >= first_day_too_old(
            newest.effective_date, limit
        )
        (too_old if is_old else recent)[concept] = _reading(newest, known.unit)
    recent |= _egfr(state, reader)
    if "egfr" not in recent:
        too_old |= _egfr(state, reader, of_any_day=True)
    recent |= _clearance(state, reader, recent)
    for model in (cha2ds2_vasc(), has_bled()):
        recent |= _score(model, state, reader)
    if with_sex := recent.get("cha2ds2_vasc"):
        # the same score without the point for women
        points = with_sex.value - (SEX_CODES[state.sex] == FEMALE)
        recent["cha2ds2_va"] = replace(with_sex, value=points)
    return recent, too_old


def _is_of_adult(state: State, day: date) -> bool:
    if state.birth_date is None:
        return False
    age = completed_years(state.birth_date, state.birth_date_precision, day)
    return age is not None and age >= ADULT_AGE


def _tells_filtration(reader: StateReader) -> bool:
    """Not on dialysis, and not while the kidney is failing or recovering."""
    return not ckd_epi_2021().applies(reader.circumstances)


def _egfr(state: State, reader: StateReader, *, of_any_day: bool = False) -> dict[str, Reading]:
    declared = EGFR if not of_any_day else replace(EGFR, max_age_days=None)
    found = reader.find(declared)
    if found.value is None or found.source is None or not _tells_filtration(reader):
        return {}
    source = found.source.derived_from[0] if found.source.derived_from else found.source
    day = source.effective_at.date() if source.effective_at else None
    return {"egfr": Reading(found.value, EGFR.unit, day, _source_reference(source))}


def _source_reference(source: InputUsed) -> Reference | None:
    if not source.resource_id or source.resource_version is None:
        return None
    return source.resource_type, source.resource_id, source.resource_version


def _clearance(
    state: State, reader: StateReader, recent: Mapping[str, Reading]
) -> dict[str, Reading]:
    """Cockcroft-Gault of the day of creatinine: with the weight of `mechanistic/renal.py`, which
    is less than the actual one of who is overweight, and with the actual weight.
    """
    weight, height, creatinine = (recent.get(n) for n in ("weight", "height", "creatinine"))
    if not (weight and height and creatinine) or not _tells_filtration(reader):
        return {}
    if state.age is None or state.sex not in SEX_CODES:
        return {}
    sex = SEX_CODES[state.sex]
    try:
        patient = RenalPatient(float(state.age), sex, weight.value, height.value, creatinine.value)
    except RefusedError:
        return {}
    value = creatinine_clearance(patient)
    values = {"crcl": value, "crcl_actual_weight": value * weight.value / dosing_weight(patient)}
    return {
        name: Reading(one, "mL/min", creatinine.at, creatinine.reference)
        for name, one in values.items()
    }


def _score(model: ClinicalModel, state: State, reader: StateReader) -> dict[str, Reading]:
    features = build_features(model, state, reader)
    if not features.is_usable:
        return {}
    return {model.id: Reading(model.predict_one(features.values)[model.id], "", reader.today)}


def _reading(value: Value, unit: str) -> Reading:
    reference = _reference(value.derived_from[0] if value.derived_from else value)
    return Reading(float(value.value or 0.0), unit, value.effective_date, reference)


def _reference(value: Value) -> Reference:
    return value.resource_type, value.resource_id, value.resource_version


NAMELESS = "a medicine without a name"


def _label(*texts: str) -> str:
    """The first that shows anything, for a sentence: one line, without control characters and marks
    of direction, at most 80 characters. What is compared is never cut."""
    shown = (" ".join(_CONTROL.sub(" ", _UNSEEN.sub("", text)).split()) for text in texts)
    label = next(filter(None, shown), "")
    return label if len(label) <= MOST_OF_A_LABEL else f"{label[: MOST_OF_A_LABEL - 1].rstrip()}…"


# a medicine that may begin again, or soon, is compared as well, and said to be uncertain
CERTAIN = "taken"
COMPARED = (CERTAIN, "uncertain", "planned", "on_hold")


def _of_record(medicines: Iterable[MedicineTaken], index: MedicineIndex) -> Iterable[Taken]:
    for one in medicines:
        if one.status not in COMPARED:
            continue
        known = index.recognise(one.ingredients, one.atc, one.rxnorm)
        yield Taken(
            label=_medicine_label(one.ingredients, known, one.display),
            ingredients=known.ingredients,
            classes=known.classes,
            daily_mg=one.daily_mg,
            dose_text=one.dose_text,
            route=one.route,
            since=one.started,
            references=tuple(
                (ref.resource_type, ref.resource_id, ref.version) for ref in one.references
            ),
            is_known=known.is_known,
            is_certain=one.status == CERTAIN,
        )


def _medicine_label(named: tuple[str, ...], known: Recognised, sent: str) -> str:
    """The record's own names, else those that the tables recognise, else what was sent."""
    recognised = known.ingredients if known.is_known else ()
    return _label("/".join(named), "/".join(recognised), sent) or NAMELESS


def _of_state(state: State, index: MedicineIndex) -> Iterable[Taken]:
    """One a set of ingredients, whatever resources speak of it; doses are not in the state."""
    going_on: dict[tuple[str, ...], list[Value]] = {}
    for values in (*state.values.values(), *state.not_used.values()):
        for value in values:
            counts = value.quality in (*UNREADABLE, "usable", "verify")
            if value.kind == "medication" and counts and value.is_active(state.as_of):
                going_on.setdefault(_names(value) or (_words(value),), []).append(value)
    for spoken in going_on.values():
        first = spoken[0]
        known = _recognised(first, index)
        yield Taken(
            label=_medicine_label(_names(first), known, _words(first)),
            ingredients=known.ingredients,
            classes=known.classes,
            since=min(value.effective_at for value in spoken),
            references=tuple(dict.fromkeys(map(_reference, spoken))),
            is_known=known.is_known,
            is_certain=any(value.quality == "usable" for value in spoken),
        )


def _names(value: Value) -> tuple[str, ...]:
    code = code_of(value.system, value.source_code)
    medication = medication_of(code) if code else None
    return medication.ingredients if medication else ()


def _words(value: Value) -> str:
    return value.display or value.source_code or NAMELESS


def _recognised(value: Value, index: MedicineIndex) -> Recognised:
    code = code_of(value.system, value.source_code)
    atc = (code.value,) if isinstance(code, Atc) else ()
    rxnorm = (code.value,) if isinstance(code, RxNorm) else ()
    return index.recognise(_names(value), atc, rxnorm)


def _allergies(
    state: State, index: MedicineIndex, details: Mapping[str, AllergyDetails]
) -> tuple[tuple[Allergy, ...], bool]:
    """Those that are listed, and whether one was sent that nothing at all can be read of."""
    found = []
    for value in allergy_status(state).listed:
        more = details.get(value.resource_id, AllergyDetails())
        words = value.display if value.display != value.source_code else ""
        known = _recognised(value, index)
        if not known.is_known:
            told = index.allergen(words)
            known = Recognised(
                tuple(dict.fromkeys((*known.ingredients, *told.ingredients))),
                known.classes | told.classes,
                told.is_known,
            )
        is_other = bool(more.categories) and more.categories <= NO_MEDICINE
        found.append(
            Allergy(
                label=_label(words, "/".join(known.ingredients), value.source_code) or "an allergy",
                ingredients=known.ingredients,
                classes=known.classes,
                reactions=more.reactions,
                severity=more.severity,
                references=(_reference(value),),
                is_known=known.is_known or (is_other and not known.ingredients),
                kind=more.kind,
            )
        )
    unread = any(
        v.is_active(state.as_of) and v.quality in UNREADABLE
        for v in state.not_used.get(ALLERGY, ())
    )
    return tuple(found), unread


def _genes(one: Genotype, alleles: Alleles) -> Iterator[GeneResult]:
    """CPIC's phenotype of what was sent, with an empty one where it cannot be told.

    A phenotype and a genotype that say different things tell nothing. An HLA allele is there or not.
    """
    reference = _reference(one.reference)
    if one.gene.startswith(HLA):
        told = [f"{one.diplotype} {one.phenotype}".strip()]
    else:
        told = [text for text in (one.phenotype, one.diplotype) if text]
    read = [found for text in told for found in phenotypes(one.gene, text, alleles)]
    texts = dict.fromkeys(found.text for found in read if found.text)
    if one.doubt or not texts or (len(texts) > 1 and not one.gene.startswith(HLA)):
        why = one.doubt or "; ".join(found.reason or found.text or "" for found in read)
        said = f"{_label(' '.join(told))}: {why}".removeprefix(": ")
        yield GeneResult(one.gene, "", said, reference)
        return
    for text in texts:
        yield GeneResult(one.gene, text, _label(" ".join(told)), reference)
