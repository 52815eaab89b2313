"""Which treatments there are for an indication of one twin, compared with today. Stores nothing."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from models_engine import registry
from models_engine.catalogue.contract import ClinicalModel, FloatArray
from models_engine.catalogue.risk.ckd_epi_2021 import ADULT_AGE, egfr
from models_engine.catalogue.treatment.indications import (
    ASCVD_RISK,
    History,
    Indicated,
    indicated,
    indications,
)
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.loading import knowledge as committed
from models_engine.catalogue.treatment.knowledge.schema import Indication, Outcome
from models_engine.catalogue.treatment.person import Reading, TreatmentPerson
from models_engine.catalogue.treatment.ranking.baselines import TwinNumber
from models_engine.catalogue.treatment.ranking.rank import Subject, rank
from models_engine.catalogue.treatment.ranking.results import Preferences, Ranking
from models_engine.catalogue.treatment.ranking.values import Today
from models_engine.catalogue.treatment.ranking.ways import Check
from models_engine.catalogue.treatment.safety.check import check as safety_check
from models_engine.catalogue.treatment.safety.duplicates import duplicates_among
from models_engine.catalogue.treatment.safety.interactions import interactions_among
from models_engine.catalogue.what_if.compare import ModelComparison, compare
from models_engine.features import SEX_CODES, build_features
from models_engine.services.simulate import StartingPoint
from patients.record.state import State, Value

MONTHS_PER_YEAR = 12.0
SCORES = ("cha2ds2_vasc", "has_bled")
# the 10-year risk that LDL is treated by, the best known first
RISK_MODELS, RISK_OUTCOME = ("prevent_full_10y", "prevent_base_10y"), "ascvd"


def rank_treatments(
    start: StartingPoint,
    person: TreatmentPerson,
    indication: Indication,
    preferences: Preferences | None = None,
    *,
    knowledge: Knowledge | None = None,
    check: Check = safety_check,
    with_models: bool = True,
) -> Ranking:
    """Every way to treat one indication, best first.

    `start` is the twin as a what-if starts from it, `person` the same twin for the rules.
    `check` are the rules of safety; `with_models` reruns every model with the values of each way
    (`Candidate.comparisons`).
    Without the indication the ranking is barred and says why. Raises KeyError on an unknown one.
    """
    knowledge = knowledge or committed()
    preferences = preferences or Preferences()
    person = replace(with_scores(start, person), treats=indication)
    history = history_of(start.reader.state)
    has = indicated(indication, person, history)
    together = (
        *interactions_among(person.medicines, knowledge),
        *duplicates_among(person.medicines, knowledge),
    )
    if has.holds is False and not person.barred:
        return Ranking(indication, person.as_of, barred=has.why, preferences=preferences)
    if not (has.is_ranked or person.barred or start.person.barred):
        return Ranking(
            indication,
            person.as_of,
            barred=has.why,
            current=together,
            unresolved=person.unresolved,
            preferences=preferences,
        )
    subject = Subject(
        person,
        Today(start.values, start.person),
        twin_numbers(start, knowledge),
        (lambda after: _rerun(start, after)) if with_models else None,
    )
    return rank(
        subject,
        indication,
        preferences,
        knowledge,
        check,
        why_indicated=" ".join((has.why, *has.told)),
        asked=has.asked,
        is_indicated=has.holds is True,
        others=[
            one.indication
            for one in indications(person, history)
            if one.holds and one.indication != indication
        ],
        current_findings=together,
    )


def indications_of(start: StartingPoint, person: TreatmentPerson) -> tuple[Indicated, ...]:
    """The indications that the twin has or may have; none where nothing is ranked at all."""
    if person.barred:
        return ()
    return indications(with_scores(start, person), history_of(start.reader.state))


def with_scores(start: StartingPoint, person: TreatmentPerson) -> TreatmentPerson:
    """The same person with what indications go by, where it can be computed: PREVENT's risk, and
    with atrial fibrillation CHA2DS2-VASc and HAS-BLED.
    """
    found = dict(person.readings)
    risk = _ascvd_risk(start)
    if risk is not None:
        found[ASCVD_RISK] = Reading(risk, "1", person.as_of.date())
    for name in SCORES if person.has("atrial_fibrillation") else ():
        model = registry.model(name)
        features = build_features(model, start.reader.state, start.reader)
        if name not in found and features.is_usable:
            points = model.predict_one(features.values)[name]
            found[name] = Reading(points, "{points}", person.as_of.date())
    return replace(person, readings=found)


def _ascvd_risk(start: StartingPoint) -> float | None:
    usable = {one.model.id: one for one in start.models if one.features.is_usable}
    for name in RISK_MODELS:
        if name in usable:
            one = usable[name]
            return one.model.predict_one(one.features.values)[RISK_OUTCOME]
    return None


def twin_numbers(start: StartingPoint, knowledge: Knowledge) -> dict[str, TwinNumber]:
    """What the models say now that outcomes of the tables ask for, by "model:outcome"."""
    wanted = {name for outcome in knowledge.rows(Outcome) for name in outcome.models}
    ids = {name.partition(":")[0] for name in wanted}
    found = {}
    for one in start.models:
        if one.model.id not in ids or not one.features.is_usable:
            continue
        for outcome in _compared(start, one.model, one.features.values, {}).outcomes:
            years = one.model.outcome(outcome.outcome).horizon_years
            name = f"{one.model.id}:{outcome.outcome}"
            if years is None or name not in wanted:
                continue
            low, high = outcome.interval_before or (None, None)
            found[name] = TwinNumber(
                outcome.before, MONTHS_PER_YEAR * years, low, high, one.model.research
            )
    return found


def _compared(
    start: StartingPoint,
    model: ClinicalModel,
    values: Mapping[str, float],
    after: Mapping[str, FloatArray],
) -> ModelComparison:
    circumstances = replace(start.reader.circumstances, values=values)
    return compare(model, values, circumstances, start.values, after)


def _rerun(start: StartingPoint, after: Mapping[str, FloatArray]) -> tuple[ModelComparison, ...]:
    """Every model with a number that reads what has moved."""
    usable = (one for one in start.models if one.features.is_usable)
    compared = (_compared(start, one.model, one.features.values, after) for one in usable)
    return tuple(one for one in compared if one.responds or one.refusals)


def history_of(state: State) -> History:
    """All usable readings of blood pressure and eGFR (CKD-EPI 2021, or as reported)."""
    found = {
        concept: tuple(_reading(v, v.value) for v in state.series(concept) if v.value is not None)
        for concept in ("systolic_bp", "diastolic_bp")
    }
    reported = [_reading(v, v.value) for v in state.series("egfr_reported") if v.value is not None]
    age, sex = state.age, SEX_CODES.get(state.sex)
    if age is not None and age >= ADULT_AGE and sex is not None:
        values = [v for v in state.series("creatinine") if v.value is not None]
        creatinine = np.array([float(v.value or 0.0) for v in values])
        ages, sexes = np.full(len(values), float(age)), np.full(len(values), float(sex))
        computed = egfr(ages, sexes, creatinine) if values else creatinine
        reported += [_reading(v, float(e)) for v, e in zip(values, computed, strict=True)]
    return {**found, "egfr": tuple(reported)}


def _reading(value: Value, number: float) -> Reading:
    reference = (value.resource_type, value.resource_id, value.resource_version)
    return Reading(number, value.unit, value.effective_date, reference)
