"""What a person may try: a value that is set, or a treatment that is begun.

Pure. A what-if scenario is a set of interventions: their order never matters, and none stands in
it twice.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from models_engine.catalogue.facts import require_text
from models_engine.catalogue.what_if import medicines

Kind = Literal["set", "treatment"]
MEDICINE_OF_GROUP: Mapping[str, str] = {
    "statin": medicines.STATIN,
    "ezetimibe": medicines.EZETIMIBE,
    "ezetimibe_alone": medicines.EZETIMIBE,
    "bempedoic_acid": medicines.BEMPEDOIC_ACID,
    "pcsk9": medicines.PCSK9,
    "sglt2": medicines.SGLT2,
    "glp1": medicines.GLP1,
    "blood_pressure": medicines.ANTIHYPERTENSIVE,
}
# atorvastatin from 40 mg and rosuvastatin from 20 mg: of high intensity by the guidelines [M]
HIGH_INTENSITY = ("atorvastatin_40", "atorvastatin_80", "rosuvastatin_20", "rosuvastatin_40")
TREATMENTS_CSV = Path(__file__).parent / "treatments.csv"


class ScenarioError(ValueError):
    """Interventions that do not make sense together, in plain words."""


@dataclass(frozen=True, order=True)
class Intervention:
    """One change. `target` is a concept ("set", with `value` in its canonical unit) or a treatment.

    Raises ScenarioError on an unknown kind, an unknown treatment or a value that is not finite.
    """

    kind: Kind
    target: str
    value: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ScenarioError(f"{self.kind!r} is no kind of intervention")
        if self.kind == "treatment" and (self.target not in treatments() or self.value != 1.0):
            raise ScenarioError(f"{self.target!r} is no treatment of the table")
        if not isfinite(self.value):
            raise ScenarioError(f"{self.target}: {self.value} is no value")

    @property
    def id(self) -> str:
        """ "set:weight" or "atorvastatin_20": where an effect comes from, in tables of paths."""
        return f"set:{self.target}" if self.kind == "set" else self.target

    def to_dict(self) -> dict[str, Any]:
        """JSON, as a saved scenario holds it."""
        return {"kind": self.kind, "target": self.target, "value": self.value}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Intervention":
        """The intervention of such JSON. Raises ScenarioError."""
        try:
            kind, target = str(content["kind"]), str(content["target"])
            return cls(cast(Kind, kind), target, float(content["value"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ScenarioError(f"no intervention: {error}") from error


@dataclass(frozen=True)
class Treatment:
    """Something begun. Of one `group` only one may be chosen.

    `requires`: who may be asked about it, see `effects.Condition`. `atc` for the FHIR record.
    `weeks`: by when the trials saw the whole effect, the longest of `horizon`; None: not stated.
    """

    id: str
    group: str
    label: str
    plain_label: str
    horizon: str
    atc: str = ""
    requires: str = ""
    weeks: float | None = None

    def __post_init__(self) -> None:
        if self.weeks is not None and not self.weeks > 0:
            raise ValueError(f"Treatment {self.id}: {self.weeks} weeks")
        require_text(
            f"Treatment {self.id}",
            id=self.id,
            group=self.group,
            label=self.label,
            plain_label=self.plain_label,
            horizon=self.horizon,
        )

    @property
    def medicine(self) -> str:
        """The kind of medicine that is begun; empty for what is no medicine."""
        return MEDICINE_OF_GROUP.get(self.group, "")


@cache
def treatments() -> Mapping[str, Treatment]:
    """The treatments of the committed table, by id. Raises ValueError on one listed twice."""
    with TREATMENTS_CSV.open(encoding="utf-8", newline="") as source:
        rows = [_treatment(row) for row in csv.DictReader(source)]
    found = {row.id: row for row in rows}
    if len(found) != len(rows):
        raise ValueError("treatments.csv lists a treatment twice")
    return MappingProxyType(found)


def _treatment(row: Mapping[str, str]) -> Treatment:
    weeks = float(row["weeks"]) if row["weeks"] else None
    texts = {name: text for name, text in row.items() if name != "weeks"}
    return Treatment(**texts, weeks=weeks)


def scenario(interventions: Iterable[Intervention]) -> tuple[Intervention, ...]:
    """The interventions in the one order that everything downstream sees.

    Raises ScenarioError where a value is set twice or two treatments of one group are begun.
    """
    ordered = tuple(sorted(interventions))
    for word, names in (
        ("set", [i.target for i in ordered if i.kind == "set"]),
        ("begun", [treatments()[i.target].group for i in ordered if i.kind == "treatment"]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ScenarioError(f"{', '.join(twice)}: {word} twice in one scenario")
    return ordered
