"""The rows of the knowledge base, one class a table; a row that makes no sense is refused.

Every table is a folder of CSV files with the columns declared here, in this order. `says` is what a
clinician reads behind a number; `source` are ids of the table of sources, which holds only what was
opened. `applies_to` names whom a row is about: `class:acei`, `ingredient:lisinopril`,
`option:lisinopril_10`, several separated by blanks, or `any`.
"""

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Literal, get_args

from models_engine.catalogue.facts import require_text
from models_engine.catalogue.treatment.knowledge.criteria import Criteria

EVIDENCE_TEXT = {
    "V": "Published, and recomputed here from its published numbers.",
    "S": "Published; the source was opened and says so.",
    "Q": "Published; the figure was read where somebody quotes the publication, not in it.",
    "M": "Published, not yet verified here: no source was opened.",
    "J": "Our own judgement.",
    "D": "A definition: nothing is estimated.",
}
OPENED = ("V", "S", "Q")
Severity = Literal["X", "D", "C"]
SEVERITY_TEXT = {
    "X": "Do not give",
    "D": "Avoid, or change something first",
    "C": "Give with care",
}
INDICATIONS = (
    "hypertension",
    "ldl_primary",
    "ldl_secondary",
    "diabetes_type_2",
    "hfref",
    "hfpef",
    "atrial_fibrillation",
    "ckd_albuminuria",
)
Indication = Literal[
    "hypertension",
    "ldl_primary",
    "ldl_secondary",
    "diabetes_type_2",
    "hfref",
    "hfpef",
    "atrial_fibrillation",
    "ckd_albuminuria",
]
SUBJECTS = ("class", "ingredient", "option", "change")
RATIOS = ("hazard_ratio", "risk_ratio", "odds_ratio")


@dataclass(frozen=True)
class Source:
    """Something that was opened. `quote` are its words that carry the figures."""

    id: str
    citation: str
    doi: str
    pmid: str
    opened_at: str
    quote: str
    opened_on: date

    def __post_init__(self) -> None:
        require_text(
            f"Source {self.id}",
            id=self.id,
            citation=self.citation,
            opened_at=self.opened_at,
            quote=self.quote,
        )


@dataclass(frozen=True)
class Subject:
    """Whom a row is about. `change:systolic_bp` is whatever moves the concept."""

    kind: Literal["class", "ingredient", "option", "change", "any"]
    name: str = ""

    @classmethod
    def parse(cls, word: str) -> "Subject":
        """Raises ValueError on a word of another form."""
        if word == "any":
            return cls("any")
        kind, _, name = word.partition(":")
        if kind not in SUBJECTS or not name:
            raise ValueError(f"applies_to {word!r}: not understood")
        return cls(kind, name.replace("_", " ") if kind == "ingredient" else name)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


Subjects = tuple[Subject, ...]


@dataclass(frozen=True)
class _Sourced:
    """What every row of knowledge carries; `id` is unique in its table."""

    id: str
    says: str
    population: str
    source: tuple[str, ...]
    evidence: str
    reviewed: date

    def _check_source(self) -> None:
        owner = f"{type(self).__name__} {self.id}"
        require_text(owner, id=self.id, says=self.says)
        if self.evidence not in EVIDENCE_TEXT:
            raise ValueError(f"{owner}: evidence tag {self.evidence!r}")
        if self.evidence in OPENED and not self.source:
            raise ValueError(f"{owner}: evidence {self.evidence} without a source that was opened")

    def __post_init__(self) -> None:
        self._check_source()

    @property
    def evidence_text(self) -> str:
        """How sure we are, in words."""
        return EVIDENCE_TEXT[self.evidence]

    @property
    def is_unverified(self) -> bool:
        """True where no source was opened for it."""
        return self.evidence == "M"


@dataclass(frozen=True)
class DrugClass:
    """A class that rules speak of. `atc` groups lie wholly in it.

    `duplicates`: two members taken together are a duplication.
    """

    id: str
    label: str
    plain_label: str
    atc: tuple[str, ...]
    duplicates: bool
    note: str


@dataclass(frozen=True)
class Ingredient:
    """A generic name in lower case, as in the record's table of medications.

    `aliases` are other names of it, separated by "/"; `rxnorm` the RXCUI of the ingredient.
    """

    id: str
    aliases: tuple[str, ...]
    classes: tuple[str, ...]
    atc: tuple[str, ...]
    rxnorm: str
    plain_label: str
    evidence: str


@dataclass(frozen=True)
class Option(_Sourced):
    """A drug, class and dose that a guideline would consider.

    `ingredients` separated by "/"; `what_if` the treatment of the what-if table whose measured
    effects are its own; `daily_mg` of a single ingredient; `every` how often it is taken; `cost`
    a band, not a price. `requires`: whom it is an option for at all.
    """

    indication: str
    label: str
    plain_label: str
    ingredients: tuple[str, ...]
    main_class: str
    dose: str
    plain_dose: str
    daily_mg: float | None
    route: Literal["oral", "injection"]
    every: Literal["day", "half_day", "week", "month", "half_year"]
    rxnorm: str
    atc: str
    cost: Literal["low", "medium", "high"]
    what_if: str
    requires: Criteria

    def __post_init__(self) -> None:
        self._check_source()
        owner = f"Option {self.id}"
        require_text(owner, label=self.label, plain_label=self.plain_label, dose=self.dose)
        if self.indication not in INDICATIONS:
            raise ValueError(f"{owner}: indication {self.indication!r}")
        if not self.ingredients:
            raise ValueError(f"{owner}: no ingredient")


@dataclass(frozen=True)
class EventEffect(_Sourced):
    """A relative effect on an event. Of `change:concept` it is for each `per` units of a fall.

    `comparator` is what the trial compared with: "placebo", or a class or an ingredient.
    """

    applies_to: Subjects
    indication: str
    event: str
    form: Literal["hazard_ratio", "risk_ratio", "odds_ratio"]
    effect: float
    low: float | None
    high: float | None
    per: float | None
    comparator: str
    months: float | None
    requires: Criteria

    def __post_init__(self) -> None:
        self._check_source()
        owner = f"EventEffect {self.id}"
        _check_ratio(owner, self.form, self.effect, self.low, self.high)
        is_of_change = any(one.kind == "change" for one in self.applies_to)
        if is_of_change != (self.per is not None):
            raise ValueError(f"{owner}: 'per' belongs to a change")


@dataclass(frozen=True)
class Baseline(_Sourced):
    """How often an event came in a trial's control group: people of the trial, not this patient."""

    indication: str
    event: str
    per_1000: float
    months: float
    requires: Criteria

    def __post_init__(self) -> None:
        self._check_source()
        if not 0 < self.per_1000 < 1000 or not self.months > 0:
            raise ValueError(f"Baseline {self.id}: {self.per_1000} in 1,000 over {self.months}")


@dataclass(frozen=True)
class Harm(_Sourced):
    """An unwanted effect. `form` "per_1000": so many more in 1,000 over `months`.

    A ratio applies to `baseline_per_1000` of people without the drug over `months`, or to the
    twin's own model where `baseline_per_1000` is empty. `weight` is the outcome whose weight it has.
    """

    applies_to: Subjects
    harm: str
    label: str
    plain_label: str
    form: Literal["per_1000", "hazard_ratio", "risk_ratio", "odds_ratio"]
    effect: float
    low: float | None
    high: float | None
    baseline_per_1000: float | None
    months: float | None
    weight: str
    requires: Criteria

    def __post_init__(self) -> None:
        self._check_source()
        owner = f"Harm {self.id}"
        require_text(owner, harm=self.harm, label=self.label, plain_label=self.plain_label)
        if self.form in RATIOS:
            _check_ratio(owner, self.form, self.effect, self.low, self.high)
        elif self.form != "per_1000" or self.months is None:
            raise ValueError(f"{owner}: {self.form} over {self.months} months")


@dataclass(frozen=True)
class Outcome(_Sourced):
    """An event or a value that options are compared by, with the weight that the ranking starts from.

    `weight`: how much one such event counts, a death being 1; of a value for each of its units.
    `models`: "model:outcome" of the twin's own probabilities, the first with a number is used.
    """

    label: str
    plain_label: str
    kind: Literal["event", "harm", "value"]
    unit: str
    weight: float
    models: tuple[str, ...]

    def __post_init__(self) -> None:
        self._check_source()
        if not (isfinite(self.weight) and 0 <= self.weight):
            raise ValueError(f"Outcome {self.id}: weight {self.weight}")


@dataclass(frozen=True)
class Recommendation(_Sourced):
    """What a guideline says for people like `requires`: 1 first, 2 alternative, 3 reserve, 4 against."""

    indication: str
    applies_to: Subjects
    requires: Criteria
    tier: int

    def __post_init__(self) -> None:
        self._check_source()
        if self.tier not in (1, 2, 3, 4):
            raise ValueError(f"Recommendation {self.id}: tier {self.tier}")


@dataclass(frozen=True)
class _Warning(_Sourced):
    applies_to: Subjects
    severity: str
    plain: str

    def __post_init__(self) -> None:
        self._check_source()
        owner = f"{type(self).__name__} {self.id}"
        if self.severity not in get_args(Severity):
            raise ValueError(f"{owner}: severity {self.severity!r}")
        require_text(owner, plain=self.plain)


@dataclass(frozen=True)
class Contraindication(_Warning):
    """A reason against a drug in a person. `asks`: without the values of `when`, they are asked for.

    `kind`: condition, pregnancy, age, laboratory, hepatic. `over_daily_mg`: only above this dose
    (told where the dose is not known); a file without the column has none.
    """

    kind: Literal["condition", "pregnancy", "age", "laboratory", "hepatic"]
    when: Criteria
    asks: bool
    over_daily_mg: float | None = None


@dataclass(frozen=True)
class Dosing(_Sourced):
    """The dose that fits the kidney (or the liver): from `low` to below `high` of `measure`.

    `measure`: egfr in mL/min/1.73 m2, or crcl (Cockcroft-Gault) in mL/min. `action` "avoid"
    excludes, "reduce" proposes at most `daily_mg`, "full" at least that (less is too little),
    "caution" is told, "usual" says that nothing changes. Without both ends the measure is not
    read. `when`: whom else the row is for.
    """

    applies_to: Subjects
    measure: Literal["egfr", "crcl"]
    low: float | None
    high: float | None
    action: Literal["avoid", "reduce", "full", "caution", "usual"]
    daily_mg: float | None
    dose: str
    plain: str
    when: Criteria

    def __post_init__(self) -> None:
        self._check_source()
        owner = f"Dosing {self.id}"
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"{owner}: from {self.low} to {self.high}")
        if self.action == "full" and self.daily_mg is None:
            raise ValueError(f"{owner}: a full dose of how much?")

    @property
    def is_bound(self) -> bool:
        """Whether the measure is read at all."""
        return self.low is not None or self.high is not None

    def covers(self, value: float) -> bool:
        """Whether a value of the measure lies in it."""
        return (self.low is None or value >= self.low) and (self.high is None or value < self.high)


@dataclass(frozen=True)
class Interaction(_Warning):
    """Two medicines together; `applies_to` and `other` in either order.

    `over_daily_mg`: only where the first is taken above this dose (or at a dose not known).
    `third`: only where one of these is taken as well; a file without the column has none.
    """

    other: Subjects
    over_daily_mg: float | None
    effect: str
    management: str
    third: Subjects = ()


@dataclass(frozen=True)
class AllergyRule(_Warning):
    """An allergy to `allergen` speaks against `applies_to`.

    `reaction`: "any", a named one (or several, separated by "/"), "unrecorded" where none is told,
    or "other_than:" those named.
    """

    allergen: Subjects
    reaction: str


@dataclass(frozen=True)
class GeneRule(_Warning):
    """What CPIC says of a gene's phenotype and a drug. `when`: the indication it was said for."""

    gene: str
    phenotype: str
    daily_mg: float | None
    advice: str
    alternatives: str
    when: Criteria


@dataclass(frozen=True)
class Allele:
    """What an allele does, as CPIC has it; `activity` where the gene is scored."""

    id: str
    gene: str
    allele: str
    function: str
    activity: float | None
    source: tuple[str, ...]
    evidence: str


@dataclass(frozen=True)
class Monitoring(_Sourced):
    """What to measure when a drug is begun and later; `concept` as in the record where it has one."""

    applies_to: Subjects
    test: str
    concept: str
    when: str


@dataclass(frozen=True)
class Deprescribing(_Sourced):
    """A reason to review a medicine of an older person. `how`: what stopping needs.

    A row of `any` is about the list as a whole. One whose `when` says only the age and what is
    not there (two diseases or more) is about a medicine without an indication.
    """

    applies_to: Subjects
    when: Criteria
    severity: str
    plain: str
    how: str

    def __post_init__(self) -> None:
        self._check_source()
        owner = f"Deprescribing {self.id}"
        if self.severity not in get_args(Severity):
            raise ValueError(f"{owner}: severity {self.severity!r}")
        require_text(owner, plain=self.plain)


def _check_ratio(
    owner: str, form: str, effect: float, low: float | None, high: float | None
) -> None:
    if form not in RATIOS:
        raise ValueError(f"{owner}: form {form!r}")
    if (low is None) != (high is None):
        raise ValueError(f"{owner}: an interval has two ends")
    ends = (effect, effect) if low is None or high is None else (low, high)
    if not 0 < ends[0] <= effect <= ends[1]:
        raise ValueError(f"{owner}: {effect} is no ratio inside {ends}")


TABLES: dict[str, type] = {
    "sources": Source,
    "classes": DrugClass,
    "ingredients": Ingredient,
    "options": Option,
    "event_effects": EventEffect,
    "baselines": Baseline,
    "harms": Harm,
    "outcomes": Outcome,
    "recommendations": Recommendation,
    "contraindications": Contraindication,
    "dosing": Dosing,
    "interactions": Interaction,
    "allergies": AllergyRule,
    "pharmacogenomics": GeneRule,
    "alleles": Allele,
    "monitoring": Monitoring,
    "deprescribing": Deprescribing,
}
