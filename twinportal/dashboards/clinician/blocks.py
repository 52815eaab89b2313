"""Predictions as the twin page shows them: number, reasons, what was missing or assumed."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from explain.attribution.stability import is_stable
from explain.figures.bars import Bars, bars
from explain.models import Attribution
from explain.wording.numbers import frequency, percent, points
from explain.wording.phrases import MEDICINES, OUTCOMES
from models_engine.catalogue.contract import ClinicalModel, Outcome
from models_engine.catalogue.facts import EVIDENCE_TEXT
from models_engine.fhir_rendering import band_text
from models_engine.models import Prediction
from models_engine.plugins import package_of
from models_engine.registry import model_as_run
from twinportal.attention.rules import extremes_of
from twinportal.dashboards.display import titled
from twinportal.release.decisions import Decisions, ReleaseState, release_state

BASELINE_WORDS = {
    "optimal": "the same age and sex with reference values",
    "population": "the people of the background sample",
}
NO_LONGER_REGISTERED = "The model is no longer registered here."


def _declared(prediction: Prediction) -> tuple[ClinicalModel | None, Outcome]:
    """The model and outcome of a prediction; a plug-in that was taken out leaves its name alone."""
    try:
        declared = model_as_run(prediction.model_id, prediction.model_version)
        return declared, declared.outcome(prediction.outcome)
    except KeyError:
        named = prediction.outcome.replace("_", " ").capitalize()
        horizon = prediction.horizon_years
        return None, Outcome(
            id=prediction.outcome,
            label=named,
            horizon_years=horizon,
            is_probability=prediction.is_probability and horizon is not None,
            unit=prediction.unit,
            definition=NO_LONGER_REGISTERED,
        )


class BaselineView:
    """One attribution: where it starts, the bars, where it ends."""

    def __init__(self, attribution: Attribution) -> None:
        self.id = attribution.baseline
        self.words = BASELINE_WORDS[attribution.baseline]
        self.start = percent(attribution.baseline_value)
        self.bars: Bars = bars(attribution.contributions)
        self.rows = attribution.contributions
        self.is_stable = attribution.is_stable
        self.doubts = doubts_of(attribution.overlap, attribution.far, attribution.contributions)


def doubts_of(
    overlap: float | None, far: Sequence[str], inputs: Sequence[Mapping[str, Any]]
) -> list[str]:
    """In sentences, why reasons are uncertain; none when they are not, or nothing is known."""
    labels = {row["concept"]: row["label"] for row in inputs}
    found = [
        f"{labels.get(concept) or concept.replace('_', ' ').capitalize()}: far from everybody of "
        "the sample that this model is explained against."
        for concept in far
    ]
    if overlap is not None and not is_stable(overlap):
        found.append(
            "Which reasons are the three largest depends on who is in the sample: drawn anew, "
            f"{100 * overlap:.0f} % of them stay, and 80 % is the limit."
        )
    return found


class PredictionView:
    """One prediction with a number or with the reasons for none."""

    def __init__(
        self,
        prediction: Prediction,
        attributions: Mapping[tuple[int, str], Attribution],
        earlier: Prediction | None = None,
        decisions: Decisions | None = None,
    ) -> None:
        self.row, self.decisions = prediction, decisions or {}
        self.model, self.outcome = _declared(prediction)
        self.package = package_of(self.model) if self.model else ""
        self.earlier = earlier
        found = (attributions.get((prediction.pk, b)) for b in BASELINE_WORDS)
        self.baselines = [BaselineView(a) for a in found if a is not None]

    @property
    def has_number(self) -> bool:
        return self.row.value is not None

    @property
    def title(self) -> str:
        return titled(self.outcome.label, self.row.horizon_years)

    @property
    def extremes(self) -> tuple[str, ...]:
        """Inputs beyond the model's range, on the dangerous side, in words."""
        return extremes_of(self.row.refusals)

    @property
    def percent(self) -> str:
        return percent(self.row.value) if self.row.value is not None else ""

    @property
    def n_in_100(self) -> str:
        return frequency(self.row.value).out_of if self.row.value is not None else ""

    @property
    def band(self) -> str:
        """The qualitative band, with how sure we are of its limits; never without the number."""
        if self.row.value is None:
            return ""
        found = self.outcome.band_of(self.row.value)
        return band_text(found) if found else ""

    @property
    def reading(self) -> str:
        """What the publication says of so many points, with how sure we are of that."""
        found = self.outcome.band_of(self.row.value) if self.row.value is not None else None
        if found is None or found.evidence == "V":
            return found.label if found else ""
        return f"{found.label} ({EVIDENCE_TEXT[found.evidence].rstrip('.').lower()})"

    @property
    def interval(self) -> str:
        if self.row.low is None or self.row.high is None:
            return self.model.interval_text if self.model else NO_LONGER_REGISTERED
        return f"{percent(self.row.low)} to {percent(self.row.high)}"

    @property
    def evidence(self) -> str:
        return self.model.facts.evidence_text if self.model else NO_LONGER_REGISTERED

    @property
    def change(self) -> str:
        if self.earlier is None or self.earlier.value is None or self.row.value is None:
            return ""
        return points(self.row.value - self.earlier.value)

    @property
    def is_rising(self) -> bool:
        return self.change.startswith("+")

    @property
    def earlier_percent(self) -> str:
        has_value = self.earlier is not None and self.earlier.value is not None
        return percent(self.earlier.value) if has_value else ""  # type: ignore[union-attr,arg-type]

    @property
    def at_least(self) -> bool:
        """A sum of points some of which could not be assessed: the true one may be higher."""
        return not self.row.is_probability and bool(self._inputs("not_assessable"))

    @property
    def not_assessable(self) -> list[str]:
        return [row["note"] for row in self._inputs("not_assessable")]

    def _inputs(self, status: str) -> list[dict[str, Any]]:
        return [row for row in self.row.inputs if row["status"] == status]

    @property
    def assumed(self) -> list[str]:
        return [row["label"] for row in self._inputs("assumed_absent")]

    @property
    def missing(self) -> list[str]:
        return [row["label"] for row in self._inputs("missing_term")]

    @property
    def doubtful(self) -> list[Mapping[str, Any]]:
        """Inputs to be verified, and the recorded values behind the computed ones."""
        parts = [part for row in self.row.inputs for part in _with_sources(row)]
        return [part for part in parts if part["status"] == "verify"]

    @property
    def read_by(self) -> list[int]:
        """The data stewards' mappings that its inputs and its refusals rest on."""
        return sorted({n for numbers in self._mappings().values() for n in numbers})

    def mappings_of(self, concepts: Iterable[str]) -> list[int]:
        """The data stewards' mappings that some of its inputs rest on."""
        mapped = self._mappings()
        return sorted({n for concept in concepts for n in mapped.get(concept, ())})

    def _mappings(self) -> dict[str, set[int]]:
        """By concept, of inputs and refusals."""
        found: dict[str, set[int]] = {}
        parts = ((row["concept"], p) for row in self.row.inputs for p in _with_sources(row))
        told = ((refusal["concept"], refusal) for refusal in self.row.refusals)
        for concept, part in chain(parts, told):
            found.setdefault(concept, set()).update(part.get("mappings", ()))
        return found

    @property
    def raising(self) -> list[dict[str, Any]]:
        """What raises it against the same age and sex, largest first, without medicines.

        A medicine marks a treated condition; it stands among the bars, not among the reasons.
        """
        rows = self.baselines[0].rows if self.baselines else []
        mapped = self._mappings()
        return [
            {**row, "mappings": sorted(mapped.get(row["concept"], ()))}
            for row in rows
            if row["contribution"] >= 0.0005 and row["concept"] not in MEDICINES
        ]

    @property
    def has_reasons(self) -> bool:
        """A probability that is explained; of a model that is gone, what was stored."""
        if self.model is None:
            return bool(self.baselines)
        explained = self.model.background is not None and not self.model.quiet
        return self.has_number and self.outcome.is_probability and explained

    @property
    def reasons_are_uncertain(self) -> bool:
        """Of `raising`: say so wherever they are told."""
        return bool(self.baselines and self.baselines[0].doubts)

    @property
    def is_for_patients(self) -> bool:
        """Whether there are words for it: a patient sees one estimate of each kind, not several."""
        return self.row.outcome in OUTCOMES

    @property
    def release(self) -> ReleaseState:
        """What the clinic decided: whether the patient may see it."""
        return release_state(self.row, self.decisions)


def _with_sources(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row, *row.get("derived_from", ())]


class Block:
    """A family of predictions: the main one, those under it, the longer horizon beside it."""

    def __init__(
        self, main: PredictionView, under: list[PredictionView], beside: PredictionView | None
    ) -> None:
        self.main, self.under, self.beside = main, under, beside
