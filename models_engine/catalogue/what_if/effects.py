"""The one table of paths by which a change moves other values, checked when it is read.

A path leads from a treatment or a concept to a concept, never to an outcome: outcomes move only
because a model reads the concepts. So no trial's hazard ratio can be counted on top of a model's
own coefficient. The paths form a graph without cycles; for one person there is at most one from a
node to another.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import combinations
from math import isfinite
from pathlib import Path
from typing import Any, Literal, get_args

from models_engine.catalogue.facts import EVIDENCE_TEXT, require_text
from models_engine.catalogue.what_if import medicines
from models_engine.catalogue.what_if.interventions import treatments
from patients.terminology.conditions import CONDITIONS
from patients.terminology.measurements import MEASUREMENTS
from patients.terminology.medications import CLASSES

Form = Literal["absolute", "relative", "per_unit", "proportional"]
EFFECTS_CSV = Path(__file__).parent / "effects.csv"
# read from the record as "current", "former", "never"; here 1 is smoking, 0 is not
SMOKING = "smoking_status"
DERIVED = ("egfr",)
FROM_TREATMENT: tuple[Form, ...] = ("absolute", "relative")
# begun in the same scenario; the dose of a statin that is taken already is not read
LOWER_STATIN = "lower_intensity_statin"
MEDICINES = (*CLASSES, *(kind for kind in medicines.MEDICINES if kind not in CLASSES), LOWER_STATIN)
PATH_EVIDENCE_TEXT = EVIDENCE_TEXT | {
    "Q": "Published; the figure was read where somebody quotes the publication, not in it.",
    "D": "A definition: nothing is estimated.",
}
# how a refused condition is told; others by their display name
SPOKEN = {
    "sglt2_inhibitor": "SGLT2 inhibitor",
    "glp1_agonist": "GLP-1 agonist",
    "pcsk9_inhibitor": "PCSK9 inhibitor",
    "bmi": "body mass index",
    "hba1c": "HbA1c",
    "systolic_bp": "systolic blood pressure",
    LOWER_STATIN: "statin of low or moderate intensity",
    "glucose_lowering": "glucose-lowering medicine",
    "egfr": "eGFR",
    **{concept: known.display for concept, known in CONDITIONS.items()},
}
# half the width of a 95 % interval, in standard deviations
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Condition:
    """One word of a `requires` column.

    "has:diabetes_type_2" (a recorded condition), "not:statin" and "with:statin" (a medicine that
    the person does not take; that they take or that the same scenario begins), "bmi>=25", "egfr<60".
    "lacks:hypertension" is the contrary of "has:", and of "with:" for a medicine.
    """

    kind: Literal["has", "not", "with", "lacks", "at_least", "below"]
    name: str
    limit: float = 0.0

    @classmethod
    def parse(cls, word: str) -> "Condition":
        """Raises ValueError on a word of another form, or on an unknown name."""
        if match := re.fullmatch(r"([a-z0-9_]+)(>=|<)([0-9.]+)", word):
            name = match[1]
            if name not in MEASUREMENTS and name not in DERIVED:
                raise ValueError(f"requires {word!r}: {name} is no measured concept")
            return cls("at_least" if match[2] == ">=" else "below", name, float(match[3]))
        kind, _, name = word.partition(":")
        known: Mapping[str, Iterable[str]] = {
            "has": CONDITIONS,
            "not": MEDICINES,
            "with": MEDICINES,
            "lacks": (*CONDITIONS, *MEDICINES),
        }
        if kind not in known or name not in known[kind]:
            raise ValueError(f"requires {word!r}: not understood")
        return cls(kind, name)  # type: ignore[arg-type]

    def __str__(self) -> str:
        name = SPOKEN.get(self.name, self.name.replace("_", " "))
        words = {
            "has": f"{name} is recorded",
            "not": f"no {name} is taken already",
            "with": f"a {name} is taken or begun",
            "lacks": f"{name} is not recorded",
            "at_least": f"{name} is {self.limit:g} or more",
            "below": f"{name} is below {self.limit:g}",
        }
        if self.name == LOWER_STATIN and self.kind == "lacks":
            return "the statin is of high intensity, or taken at a dose that is not read"
        return words[self.kind]

    def excludes(self, other: "Condition") -> bool:
        """Whether both can never hold."""
        if self.name != other.name:
            return False
        limits = {self.kind: self.limit, other.kind: other.limit}
        if set(limits) == {"at_least", "below"}:
            return limits["below"] <= limits["at_least"]
        return set(limits) in ({"has", "lacks"}, {"with", "lacks"})


def conditions(requires: str) -> tuple[Condition, ...]:
    """The conditions of a `requires` column, separated by semicolons."""
    return tuple(Condition.parse(word.strip()) for word in requires.split(";") if word.strip())


@dataclass(frozen=True)
class EffectPath:
    """One row of the table. Effects are in `unit`; times `factor` in the twin's canonical unit.

    `form`: "absolute" adds `effect`, and `slope` more for each unit that the value lies above
    `reference_level`, but never turns the direction round; "relative" changes the value by
    `effect` per cent; "per_unit" adds `effect` for each unit that `from_` changes; "proportional"
    changes it by the same share. `low` and `high` are the published 95 % interval, None if none
    was read. `says` is what the source says, `read_at` where it was read.
    """

    id: str
    from_: str
    to: str
    form: Form
    effect: float
    low: float | None
    high: float | None
    unit: str
    factor: float
    slope: float
    reference_level: float | None
    requires: tuple[Condition, ...]
    horizon: str
    population: str
    says: str
    citation: str
    doi: str
    read_at: str
    evidence: str
    reviewed: date

    def __post_init__(self) -> None:
        owner = f"Path {self.id}"
        texts = ("id", "from_", "to", "unit", "horizon", "population", "says", "citation")
        require_text(owner, **{name: getattr(self, name) for name in texts})
        if self.evidence not in PATH_EVIDENCE_TEXT:
            raise ValueError(f"{owner}: evidence tag {self.evidence!r} is none of V, S, Q, M, J, D")
        if self.evidence in ("V", "S", "Q") and not self.read_at:
            raise ValueError(f"{owner}: say where the source was read")
        self._check_numbers(owner)
        self._check_ends(owner)

    def _check_numbers(self, owner: str) -> None:
        if self.form not in get_args(Form):
            raise ValueError(f"{owner}: unknown form {self.form!r}")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{owner}: an interval has two ends")
        low, high = (self.effect, self.effect) if self.low is None else (self.low, self.high)
        if not all(isfinite(n) for n in (self.effect, low, high or 0.0, self.factor, self.slope)):
            raise ValueError(f"{owner}: a number is not finite")
        if not (low <= self.effect <= (high or 0.0) if self.low is not None else True):
            raise ValueError(f"{owner}: {self.effect} is not inside its interval")
        if self.effect == 0 or self.factor <= 0:
            raise ValueError(f"{owner}: an effect of nothing, or a factor that is not positive")
        if self.form in ("relative", "proportional") and self.factor != 1:
            raise ValueError(f"{owner}: a share has no unit to convert")
        if self.form == "relative" and not -100 < low:
            raise ValueError(f"{owner}: a value cannot fall by 100 % or more")
        if bool(self.slope) != (self.reference_level is not None) or (
            self.slope and self.form != "absolute"
        ):
            raise ValueError(f"{owner}: a slope belongs to a reference level and an absolute form")

    def _check_ends(self, owner: str) -> None:
        if self.from_ == self.to:
            raise ValueError(f"{owner}: leads to itself")
        if self.to not in MEASUREMENTS:
            raise ValueError(f"{owner}: {self.to!r} is no measured concept (an outcome never is)")
        if self.is_of_treatment != (self.form in FROM_TREATMENT):
            raise ValueError(f"{owner}: the form {self.form} does not fit {self.from_!r}")
        known = self.is_of_treatment or self.from_ in MEASUREMENTS or self.from_ == SMOKING
        if not known:
            raise ValueError(f"{owner}: {self.from_!r} is no treatment and no concept")

    @property
    def is_of_treatment(self) -> bool:
        """True of what a trial measured of a treatment: the whole effect, whatever the way."""
        return self.from_ in treatments()

    def excludes(self, other: "EffectPath") -> bool:
        """Whether both are never for one person: two estimates of one effect may stand then."""
        return any(a.excludes(b) for a in self.requires for b in other.requires)

    @property
    def evidence_text(self) -> str:
        """How sure we are, in words."""
        return PATH_EVIDENCE_TEXT[self.evidence]

    @property
    def sd(self) -> float:
        """Standard deviation of the effect, from its interval; 0 where none was read."""
        if self.low is None or self.high is None:
            return 0.0
        return (self.high - self.low) / (2 * Z95)

    @property
    def lacks_interval(self) -> bool:
        """An estimate whose uncertainty is not known here."""
        return self.low is None and self.evidence != "D"


@dataclass(frozen=True)
class Table:
    """All paths, in a graph without cycles. Raises ValueError on a cycle or a doubled path."""

    paths: tuple[EffectPath, ...]

    def __post_init__(self) -> None:
        ids = [p.id for p in self.paths]
        if twice := sorted({key for key in ids if ids.count(key) > 1}):
            raise ValueError(f"effects: id listed twice: {', '.join(twice)}")
        for one, other in combinations(self.paths, 2):
            if (one.from_, one.to) == (other.from_, other.to) and not one.excludes(other):
                raise ValueError(f"effects: path listed twice: {one.from_} to {one.to}")
        try:
            _ = self.order
        except CycleError as error:
            raise ValueError(f"effects: the paths go round in a circle: {error.args[1]}") from error

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The concepts, each after those that move it."""
        graph: TopologicalSorter[str] = TopologicalSorter()
        for path in self.paths:
            graph.add(path.to, path.from_)
        return tuple(n for n in graph.static_order() if n not in treatments())

    def into(self, concept: str) -> tuple[EffectPath, ...]:
        """The paths that end in a concept, in the order of their ids."""
        return self._into.get(concept, ())

    @cached_property
    def _into(self) -> Mapping[str, tuple[EffectPath, ...]]:
        found: dict[str, tuple[EffectPath, ...]] = {}
        for path in sorted(self.paths, key=lambda p: p.id):
            found[path.to] = (*found.get(path.to, ()), path)
        return found


def read_path(row: Mapping[str, str]) -> EffectPath:
    """A path from a row of the CSV. Raises ValueError, naming the row."""
    try:
        values: dict[str, Any] = {("from_" if k == "from" else k): v for k, v in row.items()}
        for name in ("low", "high", "reference_level"):
            values[name] = float(values[name]) if values[name] else None
        for name in ("effect", "factor", "slope"):
            values[name] = float(values[name] or 0.0)
        values["requires"] = conditions(values["requires"])
        values["reviewed"] = date.fromisoformat(values["reviewed"])
        return EffectPath(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"effects, row {row.get('id')!r}: {error}") from error


def read_table(rows: Iterable[Mapping[str, str]]) -> Table:
    """The table of such rows. Raises ValueError."""
    table = Table(tuple(read_path(row) for row in rows))
    without = sorted(set(treatments()) - {path.from_ for path in table.paths})
    if without:
        raise ValueError(f"effects: treatments without any effect: {', '.join(without)}")
    return table


def csv_rows() -> Sequence[Mapping[str, str]]:
    """The committed rows as text. Raises ValueError when the columns are not the declared ones."""
    with EFFECTS_CSV.open(encoding="utf-8", newline="") as source:
        reader = csv.DictReader(source)
        rows = list(reader)
    declared = [f.name.rstrip("_") for f in fields(EffectPath)]
    if reader.fieldnames != declared:
        raise ValueError(f"effects.csv: the columns are not {', '.join(declared)}")
    return rows


@cache
def effects() -> Table:
    """The committed table, read and checked once a process."""
    return read_table(csv_rows())
