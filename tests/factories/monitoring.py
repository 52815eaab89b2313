"""Many twins with one real run each, copied in the tables: pushing thousands would take minutes."""

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

from models_engine.models import ModelRun, Prediction
from patients.models import Fact, Patient, Resource

Change = Callable[[int, dict[str, dict[str, Any]]], float | None]


def copies(run: ModelRun, number: int, *, as_of: datetime, change: Change) -> list[Patient]:
    """`number` new twins with a copy of `run` as of a moment.

    `change` gets the number of the twin and its inputs by concept, to be changed in place; it
    returns the value of every outcome, or None for no number.
    """
    first = Patient.objects.count()
    names = [f"copy-{first + n}" for n in range(number)]
    resources = Resource.objects.bulk_create(
        Resource(type="Patient", fhir_id=name, content_hash="x", last_updated=as_of)
        for name in names
    )
    twins = Patient.objects.bulk_create(
        Patient(resource=resource, fhir_id=resource.fhir_id, sex="female") for resource in resources
    )
    outcomes = list(run.predictions.all())
    runs, values = [], []
    for at, twin in enumerate(twins):
        inputs = copy.deepcopy(run.inputs)
        by_concept = {row["concept"]: row for row in inputs}
        value = change(at, by_concept)
        missing = [{"kind": "missing", "concept": "systolic_bp", "message": "x"}]
        runs.append(
            ModelRun(
                patient=twin,
                model_id=run.model_id,
                model_version=run.model_version,
                artefact_hash=run.artefact_hash,
                as_of=as_of,
                made_at=as_of,
                state_hash=f"{at:064}",
                inputs=[row for row in inputs if row.get("concept") in by_concept],
                refusals=[] if value is not None else missing,
            )
        )
        values.append(value)
    runs = ModelRun.objects.bulk_create(runs)
    Prediction.objects.bulk_create(
        Prediction(
            run=made,
            patient=made.patient,
            model_id=made.model_id,
            model_version=made.model_version,
            outcome=row.outcome,
            horizon_years=row.horizon_years,
            is_probability=row.is_probability,
            value=value,
            as_of=as_of,
        )
        for made, value in zip(runs, values, strict=True)
        for row in outcomes
    )
    return twins


def facts(twins: list[Patient], concept: str, at: datetime, *, kind: str = "measurement") -> None:
    """One fact each, as if it had been sent."""
    Fact.objects.bulk_create(
        Fact(
            patient=twin,
            resource=twin.resource,
            resource_type="Observation" if kind == "measurement" else "Condition",
            resource_fhir_id=twin.fhir_id,
            resource_version=1,
            path=kind,
            concept=concept,
            kind=kind,
            effective_at=at,
            recorded_at=at,
            quality="usable",
        )
        for twin in twins
    )
