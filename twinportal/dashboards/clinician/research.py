"""A research model on the twin page: its numbers, or why this person gets none."""

from collections.abc import Sequence

from explain.wording.numbers import percent
from models_engine.catalogue.display import POPULATION
from models_engine.catalogue.horizon import horizon_text
from models_engine.catalogue.trained.models import OUTSIDE
from models_engine.models import Prediction
from models_engine.registry import model_as_run
from twinportal.dashboards.clinician.blocks import PredictionView


class ResearchModel:
    """The outcomes of one run, shortest horizon first."""

    def __init__(self, rows: Sequence[Prediction]) -> None:
        self.rows = rows
        self.main = rows[0]
        self.model = model_as_run(self.main.model_id, self.main.model_version)
        self.reasons = self.main.refusals
        # all outcomes of a run rest on the same inputs
        self.read_by = PredictionView(self.main, {}).read_by

    @property
    def is_outside(self) -> bool:
        """True when the person is unlike those the model was trained on."""
        return any(
            refusal["kind"] == "out_of_range" or refusal["concept"] == POPULATION
            for refusal in self.main.refusals
        )

    @property
    def outside_text(self) -> str:
        return f"{OUTSIDE}."

    @property
    def numbers(self) -> list[dict[str, str]]:
        """Each probability with its interval, in words."""
        return [
            {
                "horizon": horizon_text(row.horizon_years),
                "percent": percent(row.value),
                "interval": f"{percent(row.low)} to {percent(row.high)}",
            }
            for row in self.rows
            if row.horizon_years is not None
            and row.value is not None
            and row.low is not None
            and row.high is not None
        ]
