"""Who has which indication, and why: from what is recorded, else from values that suggest it. Pure.

Nothing is diagnosed here: where no diagnosis is recorded the answer says "not recorded: values
suggest". No target (of blood pressure, HbA1c, LDL cholesterol) is told: the tables hold none with a
source yet.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS, Indication
from models_engine.catalogue.treatment.person import Reading, Reference, TreatmentPerson

# blood pressure of a surgery, mmHg, and on how many days of how long [J: the days]
SYSTOLIC, DIASTOLIC = 140.0, 90.0
DAYS_HIGH, WITHIN = 2, timedelta(days=365)
REDUCED_TO, PRESERVED_FROM = 40.0, 50.0
# KDIGO: kidney function below 60 for three months, albuminuria from 30 mg/g [M]
LOW_EGFR, CHRONIC, ALBUMINURIA = 60.0, timedelta(days=90), 30.0
ASCVD = (
    "coronary_heart_disease",
    "myocardial_infarction",
    "ischaemic_stroke",
    "tia",
    "peripheral_artery_disease",
)
LOWERS_PRESSURE = (
    "raas",
    "acei",
    "arb",
    "arni",
    "ccb_dhp",
    "ccb_non_dhp",
    "diuretic",
    "thiazide",
    "loop_diuretic",
    "mra",
    "potassium_sparing",
    "beta_blocker",
    "alpha_blocker",
)
LOWERS_LDL = ("statin", "ezetimibe", "pcsk9", "bempedoic_acid")
# mmol/L: lowered whatever the risk (recommendations lp_very_high_ldl); the 10-year risk of
# atherosclerotic disease from which it is (lp_first, ACC/AHA 2026)
VERY_HIGH_LDL, LEAST_RISK = 4.9, 0.05
# by PREVENT, a share of 1; read from the twin's own models
ASCVD_RISK = "ascvd_risk_10y"
# recorded: treated without computing a risk [J]
WITHOUT_RISK = ("diabetes_type_2", "diabetes_type_1", "ckd")
VALVE = {
    "mechanical_heart_valve": "a mechanical heart valve",
    "mitral_stenosis": "mitral stenosis",
}
History = Mapping[str, tuple[Reading, ...]]


@dataclass(frozen=True)
class Indicated:
    """An indication of one person. `holds` is None where it cannot be told, or lies in between.

    `asked` are concepts to measure or record; `told` sentences to read beside it. `is_ranked`: false
    where a measured value says that the treatments of the tables are not for this person.
    """

    indication: Indication
    holds: bool | None
    why: str
    is_recorded: bool = False
    references: tuple[Reference, ...] = ()
    asked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    is_ranked: bool = True


def indications(person: TreatmentPerson, history: History) -> tuple[Indicated, ...]:
    """The indications that somebody has or may have, in the fixed order.

    `history`: all usable readings of blood pressure and eGFR by concept, in any order.
    """
    found = (indicated(one, person, history) for one in INDICATIONS)
    return tuple(one for one in found if one.holds is not False)


def indicated(indication: str, person: TreatmentPerson, history: History) -> Indicated:
    """Whether somebody has one indication. Raises KeyError on an unknown one."""
    return _RULES[indication](person, history)


def _references(person: TreatmentPerson, *concepts: str) -> tuple[Reference, ...]:
    return tuple(
        dict.fromkeys(one for c in concepts if person.has(c) for one in person.conditions[c])
    )


def _of(readings: Iterable[Reading]) -> tuple[Reference, ...]:
    return tuple(one.reference for one in readings if one.reference)


def _hypertension(person: TreatmentPerson, history: History) -> Indicated:
    if person.has("hypertension"):
        references = _references(person, "hypertension")
        return Indicated("hypertension", True, "Hypertension is recorded.", True, references)
    if any(person.takes(kind) for kind in LOWERS_PRESSURE):
        return Indicated(
            "hypertension",
            None,
            "Not recorded, but medicines that lower blood pressure are taken: record what they "
            "are for.",
            references=tuple(
                r
                for one in person.medicines
                if one.classes & set(LOWERS_PRESSURE)
                for r in one.references
            ),
        )
    today = person.as_of.date()
    high = [
        one
        for concept, limit in (("systolic_bp", SYSTOLIC), ("diastolic_bp", DIASTOLIC))
        for one in history.get(concept, ())
        if one.value >= limit and one.at and today - WITHIN <= one.at <= today
    ]
    days = sorted({one.at for one in high if one.at})
    if len(days) < DAYS_HIGH:
        return Indicated("hypertension", False, "No hypertension is recorded.")
    return Indicated(
        "hypertension",
        True,
        f"Not recorded: values suggest it. Blood pressure was {SYSTOLIC:g}/{DIASTOLIC:g} mmHg or "
        f"more on {len(days)} days, the last on {days[-1]}, without a medicine against it.",
        references=_of(high),
        told=("Confirm and record the diagnosis before a treatment is begun.",),
    )


def _ldl(person: TreatmentPerson, *, secondary: bool) -> Indicated:
    key: Indication = "ldl_secondary" if secondary else "ldl_primary"
    diseases = [c for c in ASCVD if person.has(c)]
    if bool(diseases) != secondary:
        why = "A cardiovascular disease is recorded." if diseases else "None is recorded."
        return Indicated(key, False, why)
    ldl = person.readings.get("ldl_cholesterol")
    asked = () if ldl else ("ldl_cholesterol",)
    if secondary:
        names = ", ".join(c.replace("_", " ") for c in diseases)
        references = _references(person, *diseases)
        return Indicated(key, True, f"Recorded: {names}.", True, references, asked)
    if ldl is None:
        return Indicated(key, None, "No usable LDL cholesterol is recorded.", asked=asked)
    return _without_disease(key, person, ldl)


def _without_disease(key: Indication, person: TreatmentPerson, ldl: Reading) -> Indicated:
    """Whether LDL is lowered before any disease: for its height, diabetes, the kidneys or the risk."""
    text = (
        f"LDL cholesterol is {ldl.value:.1f} {ldl.unit}, and no cardiovascular disease is recorded"
    )
    references = (*_of([ldl]), *_references(person, *WITHOUT_RISK))
    risk = person.value(ASCVD_RISK)
    known = (
        None if risk is None else f"the 10-year risk by PREVENT is {risk:.1%}".replace("%", " %")
    )
    reasons = [f"{c.replace('_', ' ')} is recorded" for c in WITHOUT_RISK if person.has(c)]
    if ldl.value >= VERY_HIGH_LDL:
        reasons.insert(0, f"from {VERY_HIGH_LDL:g} mmol/L on it is lowered whatever the risk")
    if known and risk is not None and risk >= LEAST_RISK:
        reasons.append(known)
    if reasons:
        why = f"{text}; {' and '.join(reasons)}."
        recorded = any(person.has(c) for c in WITHOUT_RISK)
        return Indicated(key, True, why, recorded, references)
    if any(person.takes(kind) for kind in LOWERS_LDL):
        why = (
            f"{text}; medicines against it are taken, so that today's values do not tell the risk."
        )
        return Indicated(key, None, why, references=references)
    limit = f"{LEAST_RISK:.0%}".replace("%", " %")
    if known:
        told = f"{known[0].upper()}{known[1:]}, below {limit}: no treatment is indicated by the tables."
    else:
        told = (
            f"No 10-year risk could be computed; the tables' guidelines treat from {limit} on, so that "
            "it is not known whether any treatment is indicated."
        )
    return Indicated(key, None, f"{text}. {told}", references=references)


def _ldl_primary(person: TreatmentPerson, _: History) -> Indicated:
    return _ldl(person, secondary=False)


def _ldl_secondary(person: TreatmentPerson, _: History) -> Indicated:
    return _ldl(person, secondary=True)


def _diabetes(person: TreatmentPerson, _: History) -> Indicated:
    key: Indication = "diabetes_type_2"
    if not person.has(key):
        return Indicated(key, False, "No type 2 diabetes is recorded.")
    asked = () if person.value("hba1c") is not None else ("hba1c",)
    told = (
        ("Type 1 diabetes is recorded as well: settle which it is.",)
        if person.has("diabetes_type_1")
        else ()
    )
    references = _references(person, key)
    return Indicated(key, True, "Type 2 diabetes is recorded.", True, references, asked, told)


def _heart_failure(person: TreatmentPerson, key: Indication) -> Indicated:
    reduced = key == "hfref"
    other = "hfpef" if reduced else "hfref"
    lvef = person.readings.get("lvef")
    fits = None
    if lvef is not None:
        fits = lvef.value <= REDUCED_TO if reduced else lvef.value >= PRESERVED_FROM
    if person.has(key):
        words = "reduced" if reduced else "preserved"
        told = (
            (f"The newest ejection fraction is {lvef.value:g} %: look whether it still is.",)
            if lvef is not None and not fits
            else ()
        )
        return Indicated(
            key,
            True,
            f"Heart failure with {words} ejection fraction is recorded.",
            True,
            _references(person, key),
            told=told,
        )
    if not person.has("heart_failure"):
        return Indicated(key, False, "No heart failure is recorded.")
    references = _references(person, "heart_failure")
    if lvef is None:
        if person.has(other):
            return Indicated(key, False, "The other kind of heart failure is recorded.")
        why = "Heart failure is recorded, and no recent ejection fraction: which kind is not known."
        return Indicated(key, None, why, references=references, asked=("lvef",))
    said = f"Heart failure is recorded, the ejection fraction is {lvef.value:g} %"
    references = (*references, *_of([lvef]))
    if fits:
        return Indicated(key, True, f"{said}.", True, references)
    if REDUCED_TO < lvef.value < PRESERVED_FROM:
        why = (
            f"{said}: mildly reduced, between the two kinds of which the tables have trials and "
            "guidelines. Nothing is ranked for it."
        )
        return Indicated(key, None, why, references=references, is_ranked=False)
    return Indicated(key, False, f"{said}.", references=references)


def _hfref(person: TreatmentPerson, _: History) -> Indicated:
    return _heart_failure(person, "hfref")


def _hfpef(person: TreatmentPerson, _: History) -> Indicated:
    return _heart_failure(person, "hfpef")


def _atrial_fibrillation(person: TreatmentPerson, _: History) -> Indicated:
    key: Indication = "atrial_fibrillation"
    if not person.has(key):
        return Indicated(key, False, "No atrial fibrillation is recorded.")
    points = person.value("cha2ds2_vasc")
    score = "could not be computed" if points is None else f"is {points:g}"
    valves = [words for concept, words in VALVE.items() if person.has(concept)]
    told = (
        (f"Recorded: {' and '.join(valves)}. The rates and most trials are of people without.",)
        if valves
        else ()
    )
    return Indicated(
        key,
        True,
        f"Atrial fibrillation is recorded; CHA2DS2-VASc {score}.",
        True,
        _references(person, key, *VALVE),
        () if points is not None else ("cha2ds2_vasc",),
        told,
    )


def _ckd_albuminuria(person: TreatmentPerson, history: History) -> Indicated:
    key: Indication = "ckd_albuminuria"
    low = sorted(
        (one for one in history.get("egfr", ()) if one.value < LOW_EGFR and one.at),
        key=lambda one: str(one.at),
    )
    is_chronic = (
        bool(low)
        and (low[-1].at or person.as_of.date()) - (low[0].at or person.as_of.date()) >= CHRONIC
    )
    recorded = person.has("ckd")
    if not recorded and not is_chronic:
        return Indicated(key, False, "No chronic kidney disease is recorded.")
    why = (
        "Chronic kidney disease is recorded"
        if recorded
        else f"Not recorded: values suggest it. eGFR was below {LOW_EGFR:g} on {low[0].at} and still "
        f"on {low[-1].at}"
    )
    references = _references(person, "ckd") if recorded else _of([low[0], low[-1]])
    acr = person.readings.get("urine_acr")
    if acr is None:
        text = f"{why}; no recent albumin/creatinine ratio of the urine."
        return Indicated(key, None, text, recorded, references, ("urine_acr",))
    text = f"{why}; the urine holds {acr.value:g} {acr.unit} albumin to creatinine."
    holds = acr.value >= ALBUMINURIA
    return Indicated(key, holds, text, recorded, (*references, *_of([acr])))


_RULES: Mapping[str, Callable[[TreatmentPerson, History], Indicated]] = {
    "hypertension": _hypertension,
    "ldl_primary": _ldl_primary,
    "ldl_secondary": _ldl_secondary,
    "diabetes_type_2": _diabetes,
    "hfref": _hfref,
    "hfpef": _hfpef,
    "atrial_fibrillation": _atrial_fibrillation,
    "ckd_albuminuria": _ckd_albuminuria,
}
