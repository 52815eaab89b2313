"""A model's facts as the page shows them: sections, tables and the calibration figure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

from explain.figures import decision_curve
from explain.figures.calibration import Calibration, Measured, calibration
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.horizon import horizon_text
from models_engine.plugins import package_of
from models_engine.selectors import UsedVersion

# section, then the keys of its texts with the words before them
SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "For whom and for what",
        (
            ("predicts", "Predicts"),
            ("moment", "At which moment"),
            ("intended_use", "For"),
            ("intended_users", "Used by"),
            ("intended_population", "For whom"),
            ("not_for", "Not for"),
            ("missing_inputs", "Missing inputs"),
            ("output_scale", "Output"),
        ),
    ),
    (
        "How it was made",
        (
            ("how_made", "Made from"),
            ("development_data", "Data"),
            ("outcome_definition", "Outcome"),
            ("exclusions", "Excluded"),
            ("missing_data_handling", "Missing data"),
        ),
    ),
    (
        "What can go wrong",
        (
            ("uncertainty", "Uncertainty"),
            ("explanation", "Explanation"),
            ("explanation_quality", "Quality of the explanation"),
            ("risks", "Risks"),
            ("if_it_fails", "If it fails"),
            ("monitoring", "Monitored by"),
            ("review", "Reviewed"),
        ),
    ),
    (
        "Who stands behind it",
        (
            ("owner", "Owner"),
            ("contact", "Contact"),
            ("updated", "Updated"),
            ("licence", "Licence"),
            ("cost", "Cost"),
            ("conflicts_and_funding", "Conflicts and funding"),
        ),
    ),
)
# of the one-sided test whether masking the largest reasons moves the prediction more
SIGNIFICANT = 0.05
# shown beside the measured tables
MEASURED_TEXTS = ("calibration", "net_benefit", "subgroups")


@dataclass(frozen=True)
class Plot:
    """The calibration of one outcome in one place: a figure and the table of the same values."""

    figure: Calibration
    rows: tuple[Mapping[str, Any], ...]
    where: str


@dataclass(frozen=True)
class Curve:
    """The decision curve of one outcome in one place: a figure and the table of the same values."""

    figure: decision_curve.DecisionCurve
    rows: tuple[Mapping[str, Any], ...]
    where: str


@dataclass(frozen=True)
class CodeList:
    """The codes of one recorded concept in one system."""

    concept: str
    system: str
    codes: tuple[Mapping[str, Any], ...]


class FactsPage:
    """One registered version, from its facts document and the runs stored here."""

    def __init__(
        self, document: Mapping[str, Any], used: Iterable[UsedVersion], package: str = ""
    ) -> None:
        self.document, self.package = document, package
        texts = document["facts"]
        self.sections = [
            (title, [(words, texts[key]) for key, words in rows]) for title, rows in SECTIONS
        ]
        self.name = texts["name"]
        self.texts = {key: texts[key] for key in MEASURED_TEXTS}
        versions = list(used)
        self.runs = sum(u.runs for u in versions if self._is_this(u))
        self.other_versions = [u for u in versions if not self._is_this(u)]

    def _is_this(self, used: UsedVersion) -> bool:
        mine = (self.document["version"], self.document["artefact_hash"])
        return (used.version, used.artefact_hash) == mine

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """The declared inputs, each with its codes by concept and system."""
        return [
            {**row, "lists": _lists(row["codes"]), "shown_unit": _unit(row)}
            for row in self.document["inputs"]
        ]

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """The outcomes, each with its horizon in its title."""
        return [{**row, "title": _with_horizon(row)} for row in self.document["outcomes"]]

    @property
    def vectors_agree(self) -> bool:
        return all(r["agrees"] for v in self.document["vectors"] for r in v["results"])

    @property
    def vectors(self) -> list[dict[str, Any]]:
        """One row a published value; ours stands beside it with two digits more."""
        labels = self._labels
        return [
            {"vector": vector, "outcome": labels[result["outcome"]], **_digits(result)}
            for vector in self.document["vectors"]
            for result in vector["results"]
        ]

    @property
    def plots(self) -> list[Plot]:
        """A figure for each outcome and data set that was measured."""
        points = self.document["calibration_points"]
        made = []
        for (outcome, where), rows in _by(points, "outcome", "where"):
            ordered = tuple(sorted(rows, key=lambda row: float(row["predicted"])))
            measured = [
                Measured(r["predicted"], r["observed"], r["low"], r["high"]) for r in ordered
            ]
            title = f"Calibration: {self._labels.get(outcome, outcome)}"
            made.append(Plot(calibration(title, measured), ordered, where))
        return made

    @property
    def curves(self) -> list[Curve]:
        """A decision curve for each outcome and data set that was measured."""
        made = []
        for (outcome, where), rows in _by(self.document["net_benefit_rows"], "outcome", "where"):
            ordered = tuple(sorted(rows, key=lambda row: float(row["threshold"])))
            names = [f.name for f in fields(decision_curve.Measured)]
            measured = [decision_curve.Measured(*(r[name] for name in names)) for r in ordered]
            title = f"Net benefit: {self._labels.get(outcome, outcome)}"
            made.append(Curve(decision_curve.decision_curve(title, measured), ordered, where))
        return made

    @property
    def subgroups(self) -> list[dict[str, Any]]:
        rows = self.document["subgroup_rows"]
        return [{**r, "outcome": self._labels.get(r["outcome"], r["outcome"])} for r in rows]

    @property
    def explanation_quality(self) -> list[dict[str, Any]]:
        rows = self.document["explanation_quality"]
        return [{**r, "outcome": self._labels.get(r["outcome"], r["outcome"])} for r in rows]

    @property
    def masking(self) -> list[dict[str, Any]]:
        """A row an outcome and a number of masked inputs, in percentage points."""
        return [
            {
                "outcome": row["outcome"],
                "masked": masked["masked"],
                "largest": f"{100 * masked['largest']:.2f}",
                "at_random": f"{100 * masked['at_random']:.2f}",
                "p": f"{masked['p']:.2g}",
                "holds": masked["p"] < SIGNIFICANT,
            }
            for row in self.explanation_quality
            for masked in row["masking"]
        ]

    @property
    def _labels(self) -> dict[str, str]:
        return {o["id"]: _with_horizon(o) for o in self.document["outcomes"]}


class ModelLine:
    """A registered model as the list shows it."""

    def __init__(self, model: ClinicalModel) -> None:
        self.id, self.title, self.version = model.id, model.title, model.version
        self.evidence = model.facts.evidence_text
        self.predicts = model.facts.predicts
        self.population = model.facts.intended_population
        self.inputs = ", ".join(i.label for i in model.inputs)
        self.package = package_of(model)


def groups(models: Iterable[ClinicalModel]) -> list[tuple[str, list[ModelLine]]]:
    """Registered models by what they give: probabilities first, then scores and derived values."""
    kinds: dict[str, list[ModelLine]] = {"Probabilities": [], "Scores and derived values": []}
    for model in models:
        kind = "Probabilities" if model.is_probability else "Scores and derived values"
        kinds[kind].append(ModelLine(model))
    return [(title, lines) for title, lines in kinds.items() if lines]


def _unit(row: Mapping[str, Any]) -> str:
    """The twin's unit, and the paper's where that is another quantity."""
    if row["published_per_unit"] != 1.0:
        return f"{row['unit']}; published in {row['published_unit']}"
    return str(row["published_unit"])


def _lists(codes: Iterable[Mapping[str, Any]]) -> list[CodeList]:
    return [
        CodeList(concept.replace("_", " "), SYSTEM_NAMES[system], tuple(rows))
        for (concept, system), rows in _by(codes, "concept", "system")
    ]


SYSTEM_NAMES = {
    "loinc": "LOINC",
    "snomed": "SNOMED CT",
    "icd10": "ICD-10",
    "icd10cm": "ICD-10-CM",
    "rxnorm": "RxNorm",
    "atc": "ATC",
}


def _by(
    rows: Iterable[Mapping[str, Any]], first: str, second: str
) -> list[tuple[tuple[str, str], list[Mapping[str, Any]]]]:
    def key(row: Mapping[str, Any]) -> tuple[str, str]:
        return row[first], row[second]

    return [(pair, list(found)) for pair, found in groupby(sorted(rows, key=key), key=key)]


def _digits(result: Mapping[str, Any]) -> dict[str, Any]:
    """Published as published; ours with at most two decimals more, and six at least."""
    published = f"{result['published']:.10g}"
    decimals = len(published.partition(".")[2])
    return {
        "published": published,
        "computed": f"{result['computed']:.{max(decimals + 2, 4)}f}",
        "agrees": result["agrees"],
    }


def _with_horizon(outcome: Mapping[str, Any]) -> str:
    years = outcome["horizon_years"]
    return f"{outcome['label']}, {horizon_text(years)}" if years else str(outcome["label"])
