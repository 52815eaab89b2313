"""Draws people: traits that hang together, like adults of a primary-care list, a little sicker.

The distributions are our judgement [J], set so that prevalences lie in the bands that the tests
state; slopes of ageing and of disease are the natural slopes of CLINICAL.md section 6 [M].
"""

from dataclasses import replace
from datetime import date, timedelta
from math import exp

from patients.synthetic.chance import Chance
from patients.synthetic.course import working_day
from patients.synthetic.fate import events_of, known_conditions
from patients.synthetic.person import YEAR, Person, years_before

_AGES = (
    ((19, 29), 0.06),
    ((30, 44), 0.22),
    ((45, 59), 0.33),
    ((60, 74), 0.27),
    ((75, 79), 0.06),
    ((80, 92), 0.06),
)
_SHARE_OF_WOMEN = 0.52
_LATE_RISERS, _LATE_RISERS_YOUNG = 0.22, 0.05
_LOST = 0.03
_NEVER_ANY_LIPIDS = 0.03
_DIED = 0.015
LIPIDS = frozenset({"total_cholesterol", "hdl_cholesterol", "ldl_cholesterol", "triglycerides"})


def draw_person(index: int, *, seed: int, as_of: date) -> Person:
    """Person number `index` of the cohort; the same for the same index, seed and day."""
    chance = Chance(seed, index, "traits")
    low, high = chance.weighted(_AGES)
    sex = "female" if chance.happens(_SHARE_OF_WOMEN) else "male"
    birth = birth_date(chance.uniform(low, high + 0.99), as_of)
    person = draw_traits(index, sex, birth, as_of, chance)
    return draw_history(person, Chance(seed, index, "fate"))


def birth_date(age: float, as_of: date) -> date:
    """A birth date for an age in years, never the 29th of February's trouble [J]."""
    day = years_before(as_of, age)
    return day.replace(day=28) if (day.month, day.day) == (2, 29) else day


def draw_traits(index: int, sex: str, birth: date, as_of: date, chance: Chance) -> Person:
    """Body and habits at the first visit; nothing has happened yet."""
    adult_days = (as_of - birth).days - round(18.6 * YEAR)
    last = working_day(as_of - timedelta(days=min(_days_since_visit(chance), adult_days)))
    years_seen = min(chance.uniform(6.0, 8.0), (last - birth).days / YEAR - 18.05)
    first = working_day(years_before(last, max(years_seen, 0.3)))
    age = (first - birth).days / YEAR
    female = sex == "female"
    bmi = chance.normal(27.6 + 0.03 * (min(age, 60) - 50), 4.6, 18.6, 44.0)
    if chance.happens(0.4):
        bmi = 24.5 + 0.4 * (bmi - 24.5)
    smoking = chance.weighted((("never", 0.53), ("former", 0.26), ("current", 0.21)))
    hdl_mean = (1.55 if female else 1.28) - 0.022 * (bmi - 27) - 0.08 * (smoking == "current")
    return Person(
        index=index,
        sex=sex,
        birth_date=birth,
        first_visit=first,
        last_visit=last,
        height_cm=round(chance.normal(163 if female else 177, 6.8, 145, 203), 1),
        bmi=bmi,
        bmi_slope=chance.normal(0.12, 0.15, -0.3, 0.6),
        sbp=_pressure(age, bmi, female=female, chance=chance),
        sbp_slope=chance.normal(0.75, 0.35, 0.0, 1.8),
        dbp_offset=chance.normal(0.0, 5.0, -12, 12),
        ldl=chance.normal(3.15 + 0.012 * (min(age, 65) - 50), 0.75, 1.4, 6.2),
        hdl=chance.normal(hdl_mean, 0.27, 0.65, 2.6),
        triglycerides=min(1.35 * exp(0.04 * (bmi - 27) + chance.noise(0.35)), 4.3),
        hba1c=chance.normal(5.35 + 0.007 * (age - 50) + 0.03 * (bmi - 27), 0.2, 4.6, 6.2),
        hba1c_slope=_hba1c_slope(bmi, age, chance),
        hba1c_drift=chance.normal(0.15, 0.05, 0.03, 0.3),
        egfr=min(chance.normal(108 - 0.72 * max(age - 30, 0), 10, 40, 128), 128),
        egfr_slope=chance.normal(-0.85, 0.25, -1.6, -0.2),
        acr=7.0 * exp(chance.noise(0.5)),
        acr_growth=chance.normal(0.02, 0.02, -0.03, 0.08),
        heart_rate=chance.normal(73, 7, 52, 96),
        haemoglobin=chance.normal(13.5 if female else 14.9, 0.7, 11.4, 17.2),
        alt=min(20 * exp(0.03 * (bmi - 27) + chance.noise(0.35)), 110),
        adherence=chance.uniform(0.75, 1.0),
        inertia=chance.weighted(((0.1, 0.5), (0.35, 0.3), (0.8, 0.2))),
        smoking=smoking,
        unmeasured=LIPIDS if chance.happens(_NEVER_ANY_LIPIDS) else frozenset(),
    )


def _days_since_visit(chance: Chance) -> int:
    if chance.happens(_LOST):
        return chance.whole(1200, 2000)
    return chance.whole(4, 90) if chance.happens(0.6) else chance.whole(91, 300)


def _pressure(age: float, bmi: float, *, female: bool, chance: Chance) -> float:
    sex = -4.0 if female and age < 55 else 0.0
    mean = 129.5 + 0.55 * (min(max(age, 25), 80) - 50) + 0.8 * (bmi - 27) + sex
    return chance.normal(mean, 12.5, 94, 182)


def _hba1c_slope(bmi: float, age: float, chance: Chance) -> float:
    """Most stay level; a few, more often heavy and past 40, are on the way to diabetes."""
    progressing = chance.happens(min(max(0.04 + 0.012 * (bmi - 26), 0.02), 0.2) * (age > 38))
    fast, level = chance.uniform(0.13, 0.32), chance.normal(0.015, 0.012, -0.01, 0.05)
    return fast if progressing else level


def draw_history(person: Person, chance: Chance) -> Person:
    """Add illness before and during the years seen, kidney disease, quitting, late rise, death."""
    person = _with_kidney_disease(known_conditions(person, chance), chance)
    seen = (person.last_visit - person.first_visit).days
    quits_on = None
    if person.smoking == "current" and chance.happens(0.3):
        quits_on = person.first_visit + timedelta(days=chance.whole(0, max(seen - 30, 1)))
    share = _LATE_RISERS if person.age_on(person.last_visit) >= 45 else _LATE_RISERS_YOUNG
    late = 0.8 if chance.happens(share) and seen > 900 else 0.0
    inertia = 1.0 if late else person.inertia
    last_visit, died_on = person.last_visit, None
    if chance.happens(_DIED * (1 + 3 * (person.age_on(person.last_visit) >= 75))):
        died_on = last_visit + timedelta(days=3)
    return replace(
        person,
        quits_on=quits_on,
        late_rise=late,
        inertia=inertia,
        died_on=died_on,
        events=events_of(person, chance),
    )


def _with_kidney_disease(person: Person, chance: Chance) -> Person:
    """A few kidneys leak albumin and go faster: more often with diabetes or high pressure."""
    diabetic = any(known.condition == "diabetes" for known in person.known)
    hypertensive = any(known.condition == "hypertension" for known in person.known)
    if not chance.happens(0.04 + 0.16 * diabetic + 0.07 * hypertensive):
        return person
    return replace(
        person,
        acr=min(120 * exp(chance.noise(0.9)), 1500.0),
        acr_growth=chance.uniform(0.03, 0.14),
        egfr=max(person.egfr - chance.uniform(0, 42), 30),
    )
