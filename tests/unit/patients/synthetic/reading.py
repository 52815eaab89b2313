"""Reads the cohort's bundles the slow and obvious way, as an outsider would."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from patients.synthetic.generate import generate

Json = dict[str, Any]
AS_OF = date(2026, 11, 20)


@dataclass(frozen=True)
class Record:
    """One patient's resources."""

    resources: tuple[Json, ...]

    @property
    def patient(self) -> Json:
        return self.resources[0]

    @cached_property
    def born(self) -> date:
        return date.fromisoformat(self.patient["birthDate"])

    def of(self, kind: str) -> list[Json]:
        return [r for r in self.resources if r["resourceType"] == kind]

    def age_on(self, day: date) -> int:
        before = (day.month, day.day) < (self.born.month, self.born.day)
        return day.year - self.born.year - before

    def series(self, loinc: str) -> list[tuple[date, float]]:
        """Values of a LOINC code, components too, oldest first."""
        found = []
        for observation in self.of("Observation"):
            for part in (observation, *observation.get("component", [])):
                if part["code"]["coding"][0]["code"] == loinc and "valueQuantity" in part:
                    found.append((day_of(observation["effectiveDateTime"]), value_of(part)))
        return sorted(found)

    def conditions(self, *snomed: str) -> list[Json]:
        return [c for c in self.of("Condition") if c["code"]["coding"][0]["code"] in snomed]

    def orders(self, *rxnorm: str) -> list[Json]:
        return [
            m
            for m in self.of("MedicationRequest")
            if m["medicationCodeableConcept"]["coding"][0]["code"] in rxnorm
        ]

    def smoking(self) -> list[str]:
        """SNOMED CT answers, oldest first."""
        answers = [o for o in self.of("Observation") if "72166-2" in str(o["code"])]
        answers.sort(key=lambda o: o["effectiveDateTime"])
        return [o["valueCodeableConcept"]["coding"][0]["code"] for o in answers]


def records(n: int, *, seed: int, as_of: date, odd_values: bool = False) -> list[Record]:
    bundles = generate(n, seed=seed, as_of=as_of, odd_values=odd_values)
    return [Record(tuple(e["resource"] for e in b["entry"])) for b in bundles]


def day_of(text: str) -> date:
    return datetime.fromisoformat(text).date()


def value_of(part: Json) -> float:
    return float(part["valueQuantity"]["value"])
