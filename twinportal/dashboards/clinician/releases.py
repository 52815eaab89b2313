"""Release: the moment a prediction becomes visible to the patient."""

from datetime import datetime
from typing import Any

from models_engine.models import Prediction
from patients.models import Patient


def set_release(patient: Patient, pk: int, *, visible: bool, by: Any, now: datetime) -> bool:
    """Release or withhold one current prediction that has a number; False if it is none."""
    changed = Prediction.objects.filter(
        pk=pk, patient=patient, status=Prediction.Status.CURRENT, value__isnull=False
    ).update(released_at=now if visible else None, released_by=by)
    return changed == 1
