"""What the practice writes down about one person: visits, diagnoses, prescriptions."""

from dataclasses import dataclass, field
from datetime import date

from patients.synthetic.vocabulary import DRUGS, Drug

CARDIOVASCULAR = (
    "myocardial_infarction",
    "coronary_disease",
    "stroke",
    "peripheral_artery_disease",
)
# from mild to severe
CKD_STAGES = ("ckd_g1", "ckd_g2", "ckd_g3a", "ckd_g3b", "ckd_g4", "ckd_g5")


@dataclass
class Visit:
    """One encounter. `readings` are as reported: the units of `tables/measurements.csv`."""

    day: date
    minute: int
    kind: str = "check_up"
    readings: dict[str, float] = field(default_factory=dict)
    smoking: str | None = None
    vaccines: list[str] = field(default_factory=list)


@dataclass
class Diagnosis:
    condition: str
    onset: date
    recorded: date
    ended: date | None = None


@dataclass
class Prescription:
    drug: Drug
    start: date
    end: date | None = None
    reason: str | None = None
    stopped_because: str = ""


@dataclass
class Chart:
    """Filled visit by visit; the rules of care read what is in it and nothing hidden."""

    visits: list[Visit] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    prescriptions: list[Prescription] = field(default_factory=list)
    specialists: dict[str, date] = field(default_factory=dict)

    def has(self, *conditions: str) -> bool:
        """Whether one of the conditions is going on."""
        return any(d.condition in conditions and d.ended is None for d in self.diagnoses)

    def diagnose(self, condition: str, onset: date, recorded: date | None = None) -> None:
        if not self.has(condition):
            self.diagnoses.append(Diagnosis(condition, onset, recorded or onset))

    def end_diagnosis(self, condition: str, day: date) -> None:
        for diagnosis in self.diagnoses:
            if diagnosis.condition == condition and diagnosis.ended is None:
                diagnosis.ended = day

    def drugs(self) -> list[Drug]:
        """What is being taken, in the order it was begun."""
        return [p.drug for p in self.prescriptions if p.end is None]

    def takes(self, *keys: str) -> bool:
        return any(drug.key in keys for drug in self.drugs())

    def takes_class(self, drug_class: str) -> bool:
        return any(drug_class in drug.classes for drug in self.drugs())

    def prescribe(self, key: str, day: date, reason: str | None) -> None:
        if not self.takes(key):
            self.prescriptions.append(Prescription(DRUGS[key], day, reason=reason))

    def stop(self, key: str, day: date, because: str) -> None:
        for prescription in self.prescriptions:
            if prescription.drug.key == key and prescription.end is None:
                prescription.end = day
                prescription.stopped_because = because

    def replace(self, old: str, new: str, day: date, because: str) -> None:
        """Stop one order and write its successor for the same reason."""
        reason = next((p.reason for p in self.prescriptions if p.drug.key == old), None)
        self.stop(old, day, because)
        self.prescribe(new, day, reason)

    def readings(self, key: str) -> list[tuple[date, float]]:
        """All readings of one kind with their days, newest first."""
        return [(v.day, v.readings[key]) for v in reversed(self.visits) if key in v.readings]

    def latest(self, key: str) -> float | None:
        return next((value for _, value in self.readings(key)), None)

    def days_since(self, key: str, day: date) -> int | None:
        """Days since a reading of this kind was last taken, before `day`."""
        return next(((day - taken).days for taken, _ in self.readings(key) if taken < day), None)

    def days_on(self, key: str, day: date) -> int:
        """Days since the drug was begun; 0 when it is not taken."""
        starts = [p.start for p in self.prescriptions if p.drug.key == key and p.end is None]
        return (day - min(starts)).days if starts else 0
