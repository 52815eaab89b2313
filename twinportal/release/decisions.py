"""What clinicians decided about the numbers of a block, and what follows for each of them.

Every page and file of the patient asks here. A decision stands for the whole block (see
`models_engine.catalogue.display.block_of`): for each variant of the model and for each later run,
until the next decision about the block.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from models_engine.catalogue.display import block_of
from models_engine.models import Prediction
from models_engine.registry import model_as_run
from twinportal.release.models import ReleaseDecision

RELEASED_BUT_HIDDEN = (
    "Released. This patient chose not to see estimates, so it is not shown to them until they "
    "choose otherwise."
)
# by the patient that the record is of now, model family and outcome
Decisions = Mapping[tuple[int, str, str], ReleaseDecision]


@dataclass(frozen=True)
class ReleaseState:
    """Whether the patient may see one number, whether it waits, and what stands against it.

    `against`: the decision to withhold, of this number or of another one of its block.
    """

    may_be_seen: bool
    waits: bool
    against: ReleaseDecision | None = None
    is_about_another: bool = False

    @property
    def text(self) -> str:
        """What a clinician reads of the decision against it; empty where there is none."""
        if self.against is None:
            return ""
        # as templates write it: |date:"j M Y, H:i e"
        day = date_format(timezone.localtime(self.against.at), "j M Y, H:i e")
        why = self.against.get_reason_display().lower()
        if not self.is_about_another:
            return f"Withheld on {day}: {why}."
        return (
            f"Another number of this kind was withheld on {day}: {why} "
            f"({_model_title(self.against)}). This one takes its place and nobody has judged it "
            "yet, so the patient does not see it."
        )


def _model_title(decision: ReleaseDecision) -> str:
    try:
        version = decision.prediction.model_version
        return model_as_run(decision.model_id, version).title
    except KeyError:
        return decision.model_id


def newest_decisions(patient_ids: Collection[int]) -> Decisions:
    """The last decision about each block of these patients. One query.

    What was decided before two records were merged counts for the one that is left.
    """
    own = Q(patient__in=patient_ids) | Q(patient__merged_into__in=patient_ids)
    rows = (
        ReleaseDecision.objects.filter(own)
        .select_related("patient", "prediction")
        .order_by("patient", "model_id", "outcome", "-at", "-pk")
        .distinct("patient", "model_id", "outcome")
    )
    newest: dict[tuple[int, str, str], ReleaseDecision] = {}
    for row in sorted(rows, key=lambda row: (row.at, row.pk)):
        patient_id = row.patient.merged_into_id or row.patient_id
        newest[patient_id, *block_of(row.model_id, row.outcome)] = row
    return newest


def release_state(row: Prediction, decisions: Decisions) -> ReleaseState:
    """What holds for one prediction with a number.

    A number that nobody has judged waits, also where another number of its block was withheld.
    """
    last = decisions.get((row.patient_id, *block_of(row.model_id, row.outcome)))
    if last is not None and not last.released:
        is_another = last.prediction_id != row.pk
        return ReleaseState(False, waits=is_another, against=last, is_about_another=is_another)
    if row.released_at is not None:
        return ReleaseState(True, waits=False)
    # this one was withheld, and another number of the block was released later: look at it again
    return ReleaseState(False, waits=row.released_by_id is None or last is not None)
