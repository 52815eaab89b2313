"""A patient's released results, worded for their literacy level."""

from collections.abc import Mapping
from datetime import date

from explain.figures.icon_array import IconArray, icon_array
from explain.models import Attribution
from explain.selectors import attributions_of
from explain.wording.messages import ResultText, result_text
from explain.wording.phrases import OUTCOMES, Level
from explain.wording.reasons import Reasons, reasons, uncertain_reasons
from models_engine.catalogue.display import displayed
from models_engine.models import Prediction
from models_engine.selectors import current_predictions, unsupported_runs
from patients.access.consent import Purpose, permits
from patients.models import Patient
from twinportal.release.decisions import newest_decisions, release_state

RESULTS_SHOWN = 3


class Result:
    """One prediction in words and pictures; the numbers are the same at every level."""

    def __init__(self, prediction: Prediction, attribution: Attribution, level: Level) -> None:
        if prediction.value is None or prediction.horizon_years is None:
            raise ValueError("only a probability with a horizon can be shown to a patient")
        self.prediction, self.level = prediction, level
        self.probability = prediction.value
        self.baseline = attribution.baseline_value
        self.horizon = prediction.horizon_years
        self.text: ResultText = result_text(
            outcome=prediction.outcome,
            level=level,
            probability=self.probability,
            baseline=self.baseline,
            horizon=self.horizon,
            contributions=attribution.contributions,
            low=prediction.low,
            high=prediction.high,
        )
        self.icons: IconArray = icon_array(self.text.frequency.count)
        self.compared_icons: IconArray = icon_array(self.text.compared.count)
        self.interval = (prediction.low, prediction.high)
        # what else is said of the reasons rests on this: the page must not sound sure of them
        self.reasons_are_uncertain = attribution.is_uncertain
        self.reasons: Reasons = reasons(attribution.contributions, level)
        self.doubt = uncertain_reasons(level) if attribution.is_uncertain else ""

    @property
    def data_day(self) -> date | None:
        """The newest day of a value that was used."""
        days = [row["effective_at"][:10] for row in self.prediction.inputs if row["effective_at"]]
        return date.fromisoformat(max(days)) if days else None


def released_results(patient: Patient, level: Level) -> list[Result]:
    """At most three current results that may be shown, the most important first.

    None where the patient chose not to see their numbers.
    """
    if not permits(patient, Purpose.SEE_PREDICTIONS):
        return []
    decisions = newest_decisions([patient.pk])
    shown = [p for p in _for_patients(patient) if release_state(p, decisions).may_be_seen]
    return _with_explanations(shown[:RESULTS_SHOWN], level)


def waits_for_review(patient: Patient) -> bool:
    """Whether there is a result that the patient would see once a clinician releases it.

    One that a clinician has withheld does not wait: nobody promises it.
    """
    decisions = newest_decisions([patient.pk])
    return any(release_state(p, decisions).waits for p in _for_patients(patient))


def released_result(patient: Patient, pk: int, level: Level) -> Result | None:
    """One of them."""
    results = released_results(patient, level)
    return next((result for result in results if result.prediction.pk == pk), None)


def _for_patients(patient: Patient) -> list[Prediction]:
    """Current numbers of the kind that patients see, released or not: a block of its own, with
    words for patients, on data that still stand. Scores, plug-ins and research models are none."""
    wrong = unsupported_runs(patient)
    standing = [p for p in current_predictions(patient.pk) if p.run_id not in wrong]
    return [
        block.main
        for block in displayed(standing)
        if block.main.value is not None and block.main.outcome in OUTCOMES
    ]


def _with_explanations(shown: list[Prediction], level: Level) -> list[Result]:
    found: Mapping[tuple[int, str], Attribution] = attributions_of([p.pk for p in shown])
    return [
        Result(p, found[p.pk, Attribution.Baseline.OPTIMAL], level)
        for p in shown
        if (p.pk, Attribution.Baseline.OPTIMAL) in found
    ]
