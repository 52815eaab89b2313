"""What an illness brings with it on the day that it is found: related diagnoses and drugs [J]."""

from collections.abc import Mapping
from datetime import date, timedelta

from patients.synthetic.chart import Chart
from patients.synthetic.person import Known
from patients.synthetic.vocabulary import DRUGS

PREGNANCY_DAYS = 280
# a pregnancy is on record from its first visit on
PREGNANCY_BOOKED = 56
EMERGENCIES = ("myocardial_infarction", "stroke", "heart_failure", "atrial_fibrillation")

DRUGS_FOR: Mapping[str, tuple[str, ...]] = {
    "myocardial_infarction": ("atorvastatin_80", "aspirin", "metoprolol", "lisinopril_10"),
    "coronary_disease": ("atorvastatin_80", "aspirin", "metoprolol"),
    "stroke": ("atorvastatin_80", "clopidogrel"),
    "peripheral_artery_disease": ("atorvastatin_80", "clopidogrel"),
    "heart_failure": ("furosemide", "carvedilol", "lisinopril_10"),
    "atrial_fibrillation": ("warfarin", "metoprolol"),
    "copd": ("albuterol",),
    "asthma": ("albuterol",),
    "hypothyroidism": ("levothyroxine",),
    "depression": ("sertraline",),
    "reflux": ("omeprazole",),
    "gout": ("allopurinol",),
}
_ANTITHROMBOTICS = ("aspirin", "clopidogrel")
_HEART = ("myocardial_infarction", "coronary_disease", "heart_failure", "atrial_fibrillation")


def strike(chart: Chart, condition: str, day: date) -> None:
    """Record a new illness on its day, and begin its drugs."""
    if condition == "pregnancy":
        _begin_pregnancy(chart, day)
        return
    chart.diagnose(condition, day)
    if condition == "myocardial_infarction":
        chart.diagnose("coronary_disease", day)
    for key in DRUGS_FOR.get(condition, ()):
        _begin(chart, key, day, condition)
    if condition in _HEART:
        chart.specialists.setdefault("cardiology", day)


def register(chart: Chart, known: Known, day: date) -> None:
    """Take over what an earlier doctor found: recorded at the first visit, begun long before."""
    chart.diagnose(known.condition, known.onset, recorded=day)
    if known.condition == "myocardial_infarction":
        chart.diagnose("coronary_disease", known.onset, recorded=day)
    for key in known.drugs or DRUGS_FOR.get(known.condition, ()):
        _begin(chart, key, known.onset, known.condition)
    if known.condition in _HEART:
        chart.specialists.setdefault("cardiology", day)


def close_pregnancies(chart: Chart, day: date) -> None:
    """End what has lasted its time by `day`."""
    for diagnosis in chart.diagnoses:
        due = diagnosis.onset + timedelta(days=PREGNANCY_DAYS)
        if diagnosis.condition == "pregnancy" and diagnosis.ended is None and due <= day:
            diagnosis.ended = due


def _begin_pregnancy(chart: Chart, day: date) -> None:
    chart.diagnose("pregnancy", day - timedelta(days=PREGNANCY_BOOKED), recorded=day)
    for drug in chart.drugs():
        if drug.classes & {"ace_inhibitor", "statin"}:
            chart.stop(drug.key, day, "Pregnancy")


def _begin(chart: Chart, key: str, day: date, reason: str) -> None:
    """Add a drug unless one as good of its class, or a stronger blood thinner, is taken already."""
    drug = DRUGS[key]
    if key in _ANTITHROMBOTICS and chart.takes("warfarin"):
        return
    if key == "warfarin":
        for weaker in _ANTITHROMBOTICS:
            chart.stop(weaker, day, "Warfarin begun")
    if any(c in drug.classes and chart.takes_class(c) for c in ("beta_blocker", "ace_inhibitor")):
        return
    if "statin" in drug.classes:
        taken = [other for other in chart.drugs() if "statin" in other.classes]
        if any((other.ldl_percent or 0) >= (drug.ldl_percent or 0) for other in taken):
            return
        for weaker_statin in taken:
            chart.stop(weaker_statin.key, day, "A stronger statin is needed")
    chart.prescribe(key, day, reason)
