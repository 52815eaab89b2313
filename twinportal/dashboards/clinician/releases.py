"""Release: the moment a prediction becomes visible to the patient."""

from datetime import datetime
from typing import Any

from models_engine.models import Prediction
from models_engine.registry import quiet_ids, research_ids
from patients.models import Patient


def set_release(patient: Patient, pk: int, *, visible: bool, by: Any, now: datetime) -> bool:
    """Release or withhold one current prediction that has a number; False if it is none.

    A quiet or research model's number is none: patients never see it.
    """
    rows = Prediction.objects.filter(
        pk=pk, patient=patient, status=Prediction.Status.CURRENT, value__isnull=False
    ).exclude(model_id__in=quiet_ids() | research_ids())
    changed = rows.update(released_at=now if visible else None, released_by=by)
    return changed == 1
