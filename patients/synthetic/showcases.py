"""The first twenty people are written, not drawn: cases that a clinician will recognise [J].

Only traits and fate are set; their years run through the same course as everybody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from patients.synthetic.chance import Chance
from patients.synthetic.course import working_day
from patients.synthetic.person import Event, Known, Person, years_before
from patients.synthetic.population import LIPIDS, birth_date, draw_traits


@dataclass(frozen=True)
class Showcase:
    """A written case. `known` and `events` count years before the first and the last visit.

    `traits` replaces fields of Person; `seen` is how many years the practice knows the person,
    `days_ago` how long ago the last visit was.
    """

    story: str
    sex: str
    age: float
    traits: Mapping[str, Any] = field(default_factory=dict)
    known: tuple[tuple[str, float, tuple[str, ...]], ...] = ()
    events: tuple[tuple[str, float], ...] = ()
    quits: float | None = None
    died: bool = False
    seen: float = 7.5
    days_ago: int = 20


# what a person in ordinary health brings, unless a story says otherwise
_STEADY: Mapping[str, Any] = {
    "bmi": 26.0,
    "bmi_slope": 0.05,
    "sbp": 122.0,
    "sbp_slope": 0.6,
    "dbp_offset": 0.0,
    "ldl": 3.1,
    "hdl": 1.35,
    "triglycerides": 1.3,
    "hba1c": 5.3,
    "hba1c_slope": 0.01,
    "hba1c_drift": 0.05,
    "egfr": 88.0,
    "egfr_slope": -0.8,
    "acr": 6.0,
    "acr_growth": 0.02,
    "heart_rate": 72.0,
    "adherence": 0.95,
    "inertia": 0.0,
    "smoking": "never",
    "unmeasured": frozenset(),
}

SHOWCASES: tuple[Showcase, ...] = (
    Showcase(
        "Type 2 diabetes found in time; HbA1c answers to metformin",
        "female",
        57.4,
        {"bmi": 32.0, "sbp": 127.0, "hba1c": 4.9, "hba1c_slope": 1.4, "ldl": 3.3, "hdl": 1.2},
    ),
    Showcase(
        "Chronic kidney disease with albuminuria, from G3a down to G4",
        "male",
        67.2,
        {
            "sbp": 158.0,
            "egfr": 49.0,
            "acr": 700.0,
            "acr_growth": 0.09,
            "egfr_slope": -1.0,
            "smoking": "former",
        },
        known=(("hypertension", 6.0, ("lisinopril_10", "amlodipine_5")),),
        days_ago=12,
    ),
    Showcase(
        "Smoker with high blood pressure that nobody treats; rising risk",
        "male",
        60.6,
        {
            "smoking": "current",
            "sbp": 125.0,
            "sbp_slope": 1.5,
            "ldl": 4.0,
            "hdl": 0.95,
            "bmi": 29.0,
            "inertia": 1.0,
            "late_rise": 0.8,
            "final": {"systolic_bp": 166.0, "diastolic_bp": 98.0},
        },
        days_ago=9,
    ),
    Showcase("Healthy young woman", "female", 34.3, {"bmi": 22.5, "sbp": 108.0, "egfr": 108.0}),
    Showcase(
        "Known cardiovascular disease: myocardial infarction three years ago",
        "male",
        69.1,
        {"smoking": "former", "sbp": 138.0, "ldl": 3.9},
        events=(("myocardial_infarction", 3.1),),
    ),
    Showcase(
        "Lipids were never measured",
        "female",
        61.5,
        {"sbp": 131.0, "unmeasured": LIPIDS},
    ),
    Showcase(
        "High cholesterol answers to a statin",
        "male",
        63.2,
        {"ldl": 5.3, "sbp": 128.0, "hdl": 1.2},
    ),
    Showcase(
        "Eighty-two and well: too old for the risk equations",
        "female",
        82.6,
        {"sbp": 138.0, "egfr": 64.0},
        known=(("knee_osteoarthritis", 5.0, ()),),
    ),
    Showcase(
        "Newest blood pressure outside its usual range",
        "male",
        64.8,
        {"sbp": 150.0, "final": {"systolic_bp": 226.0, "diastolic_bp": 118.0}, "adherence": 0.75},
        known=(("hypertension", 4.0, ("amlodipine_5",)),),
        days_ago=5,
    ),
    Showcase(
        "Type 2 diabetes that outgrew two drugs; on insulin",
        "female",
        66.3,
        {
            "hba1c": 11.2,
            "hba1c_slope": 0.25,
            "hba1c_drift": 0.25,
            "bmi": 33.0,
            "sbp": 146.0,
            "acr": 45.0,
            "egfr": 78.0,
        },
        known=(
            ("diabetes", 5.0, ("metformin", "glipizide")),
            ("hypertension", 5.0, ("lisinopril_10",)),
        ),
    ),
    Showcase(
        "Heart failure and atrial fibrillation; potassium needs a second look",
        "female",
        77.4,
        {"sbp": 146.0, "egfr": 57.0, "final": {"potassium": 6.7}},
        known=(("atrial_fibrillation", 3.0, ()), ("hypertension", 9.0, ("lisinopril_10",))),
        events=(("heart_failure", 2.2),),
    ),
    Showcase(
        "Stroke five years ago",
        "male",
        72.9,
        {"sbp": 148.0, "smoking": "former"},
        known=(("hypertension", 3.0, ("hydrochlorothiazide",)),),
        events=(("stroke", 4.9),),
    ),
    Showcase(
        "Body mass index above what the risk equations accept",
        "female",
        47.7,
        {"bmi": 43.5, "sbp": 129.0, "bmi_slope": 0.1},
    ),
    Showcase("Twenty-four: too young for the risk equations", "male", 24.5, {"egfr": 118.0}),
    Showcase(
        "Pregnant",
        "female",
        31.2,
        {"bmi": 24.0, "sbp": 112.0, "egfr": 112.0},
        events=(("pregnancy", 0.12),),
    ),
    Showcase(
        "Blood pressure and cholesterol rose within a year",
        "female",
        69.3,
        {
            "sbp": 130.0,
            "ldl": 3.6,
            "bmi": 28.0,
            "inertia": 1.0,
            "late_rise": 0.8,
            "final": {"systolic_bp": 162.0, "diastolic_bp": 93.0},
        },
        days_ago=7,
    ),
    Showcase(
        "Stopped smoking two years ago; falling risk",
        "male",
        56.8,
        {"smoking": "current", "sbp": 148.0, "ldl": 4.2, "bmi": 27.0},
        known=(("hypertension", 2.0, ("amlodipine_2_5",)),),
        quits=2.0,
    ),
    Showcase("Not seen for four years", "male", 49.9, {"sbp": 133.0}, days_ago=1480, seen=5.0),
    Showcase(
        "Prediabetes, gaining weight, rising risk",
        "male",
        45.8,
        {
            "hba1c": 5.8,
            "hba1c_slope": 0.03,
            "bmi": 33.5,
            "bmi_slope": 0.3,
            "sbp": 131.0,
            "hdl": 1.0,
            "inertia": 0.0,
            "late_rise": 0.8,
        },
        days_ago=15,
    ),
    Showcase(
        "Died last year",
        "male",
        78.3,
        {"sbp": 142.0, "egfr": 61.0},
        known=(("coronary_disease", 7.0, ()), ("copd", 6.0, ())),
        died=True,
        days_ago=310,
    ),
)


def showcase_person(index: int, *, seed: int, as_of: date) -> Person:
    """Person number `index` (from 1 to the number of showcases) of any cohort."""
    case = SHOWCASES[index - 1]
    birth = birth_date(case.age, as_of)
    drawn = draw_traits(index, case.sex, birth, as_of, Chance(seed, index, "traits"))
    last = working_day(as_of - timedelta(days=case.days_ago))
    first = working_day(max(years_before(last, case.seen), years_before(birth, -18.1)))
    return replace(
        drawn,
        **{**_STEADY, **case.traits},
        first_visit=first,
        last_visit=last,
        known=tuple(
            Known(condition, years_before(first, years), drugs)
            for condition, years, drugs in case.known
        ),
        events=tuple(
            Event(condition, years_before(last, years)) for condition, years in case.events
        ),
        quits_on=None if case.quits is None else years_before(last, case.quits),
        died_on=last + timedelta(days=3) if case.died else None,
    )
