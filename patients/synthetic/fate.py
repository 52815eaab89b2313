"""What a person brings along and what will happen to them: illness by age, sex and habits [J]."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from math import exp

from patients.synthetic.chance import Chance
from patients.synthetic.person import YEAR, Event, Known, Person, years_before

_BLOOD_PRESSURE_DRUGS = (
    (("lisinopril_10",), 0.4),
    (("amlodipine_5",), 0.2),
    (("hydrochlorothiazide",), 0.15),
    (("lisinopril_10", "amlodipine_5"), 0.25),
)
_STATINS = ("simvastatin_20", "atorvastatin_20", "rosuvastatin_10")
_GLUCOSE_DRUGS = (
    (("metformin",), 0.6),
    (("metformin", "glipizide"), 0.25),
    (("metformin", "insulin"), 0.15),
)
# condition, yearly odds at 55 [J], growth with age
_MINOR = (
    ("hypothyroidism", 0.05, 0.01),
    ("depression", 0.08, -0.005),
    ("reflux", 0.08, 0.01),
    ("asthma", 0.06, -0.01),
    ("gout", 0.03, 0.02),
    ("knee_osteoarthritis", 0.10, 0.04),
    ("migraine", 0.05, -0.02),
    ("rheumatoid_arthritis", 0.01, 0.01),
)
_YOUNGEST_MINOR = 18


def known_conditions(person: Person, chance: Chance) -> Person:
    """Diabetes, hypertension, heart and other illness that began before the first visit."""
    age = person.age_on(person.first_visit)
    if chance.happens(_share(0.16, 0.05, age) * exp(0.09 * (person.bmi - 28)) * (age >= 30)):
        person = _diabetic(person, age, chance)
    if person.sbp >= 138 and chance.happens(0.8):
        person = _with(person, "hypertension", chance, 12, chance.weighted(_BLOOD_PRESSURE_DRUGS))
    treated = any(known.condition == "hyperlipidaemia" for known in person.known)
    if person.ldl >= 3.7 and age >= 40 and chance.happens(0.4) and not treated:
        person = _with(person, "hyperlipidaemia", chance, 8, (chance.pick(_STATINS),))
    for condition in _major(person, age, chance):
        person = _with(person, condition, chance, 9)
    for condition, at_55, growth in _MINOR:
        if chance.happens(_share(at_55, growth, age)):
            person = _with(person, condition, chance, 15)
    if person.smoking != "never" and age >= 48 and chance.happens(0.12):
        person = _with(person, "copd", chance, 8)
    return person


def _share(at_55: float, growth: float, age: float) -> float:
    return min(at_55 * exp(growth * (age - 55)), 0.5)


def _major(person: Person, age: int, chance: Chance) -> Iterator[str]:
    men = 1.4 if person.sex == "male" else 0.75
    smoking = {"never": 0.8, "former": 1.1, "current": 1.6}[person.smoking]
    for condition, at_55 in (
        ("myocardial_infarction", 0.030),
        ("coronary_disease", 0.022),
        ("stroke", 0.022),
        ("peripheral_artery_disease", 0.012),
        ("heart_failure", 0.012),
        ("atrial_fibrillation", 0.016),
    ):
        if chance.happens(_share(at_55, 0.07, age) * men * smoking * (age >= 38)):
            yield condition


def _with(
    person: Person, condition: str, chance: Chance, years: float, drugs: tuple[str, ...] = ()
) -> Person:
    onset = years_before(person.first_visit, chance.uniform(0.4, years))
    onset = max(onset, person.birth_date + timedelta(days=round(_YOUNGEST_MINOR * YEAR)))
    onset = min(onset, person.first_visit)
    return replace(person, known=(*person.known, Known(condition, onset, drugs)))


def _diabetic(person: Person, age: int, chance: Chance) -> Person:
    person = replace(
        person,
        hba1c=chance.normal(8.1, 0.9, 6.9, 11.0),
        hba1c_slope=person.hba1c_drift,
        triglycerides=min(person.triglycerides * 1.25, 4.3),
        acr=person.acr * 1.6,
    )
    drugs = chance.weighted(_GLUCOSE_DRUGS)
    if person.egfr < 48:
        drugs = tuple("metformin_reduced" if key == "metformin" else key for key in drugs)
    if age >= 40 and chance.happens(0.55):
        person = _with(person, "hyperlipidaemia", chance, 8, (chance.pick(_STATINS),))
    return _with(person, "diabetes", chance, 11, drugs)


def events_of(person: Person, chance: Chance) -> tuple[Event, ...]:
    """At most one cardiovascular event, and for some women pregnancies, within the years seen."""
    days = (person.last_visit - person.first_visit).days
    if days < 200:
        return ()
    found = []
    risk = 0.065 * exp(0.055 * (person.age_on(person.first_visit) - 55))
    risk *= 1.6 if person.smoking == "current" else 1.0
    risk *= exp(0.015 * (person.sbp - 130))
    condition = chance.weighted(
        (
            ("myocardial_infarction", 0.3),
            ("stroke", 0.2),
            ("coronary_disease", 0.2),
            ("heart_failure", 0.15),
            ("atrial_fibrillation", 0.15),
        )
    )
    day = person.first_visit + timedelta(days=chance.whole(60, days - 90))
    had = {known.condition for known in person.known}
    if chance.happens(min(risk, 0.25)) and condition not in had:
        found.append(Event(condition, day))
    return (*found, *_pregnancies(person, days, chance))


def _pregnancies(person: Person, days: int, chance: Chance) -> Iterator[Event]:
    """Booked pregnancies of women of 20 to 40, at most one earlier and one going on now."""
    earlier = person.first_visit + timedelta(days=chance.whole(30, max(days // 2, 31)))
    now = person.last_visit - timedelta(days=chance.whole(5, 120))
    if person.sex != "female":
        return
    if chance.happens(0.2) and _may_bear(person, earlier) and (now - earlier).days > 500:
        yield Event("pregnancy", earlier)
    if chance.happens(0.06) and _may_bear(person, now) and now > person.first_visit:
        yield Event("pregnancy", now)


def _may_bear(person: Person, day: date) -> bool:
    return 20 <= person.age_on(day) <= 40
