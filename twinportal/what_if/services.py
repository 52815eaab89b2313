"""Saves and deletes scenarios, with what they leave in the FHIR record. One transaction each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.catalogue.what_if.simulation import Simulation
from patients.models import Patient, Resource
from patients.services.server_written import create_resources, current_contents, update_resources
from twinportal.pipeline import REFRESH_LOCK
from twinportal.what_if import fhir_rendering
from twinportal.what_if.models import Scenario
from twinportal.what_if.presenters import Answer, OutcomeRow, snapshot

MOST_SCENARIOS = 50


class TooManyScenarios(ValueError):
    """A twin has as many scenarios as a page can hold."""


@transaction.atomic
def scenario_save(
    *,
    patient: Patient,
    by: Any,
    name: str,
    interventions: Sequence[Intervention],
    simulation: Simulation,
    now: datetime,
) -> Scenario:
    """Keep a what-if under a name, and propose it as Goals and a CarePlan.

    Raises ValueError without a name or an intervention, or where no model moves;
    TooManyScenarios beyond MOST_SCENARIOS.
    """
    if not name.strip() or not interventions:
        raise ValueError("a scenario has a name and at least one change")
    if not simulation.moves:
        raise ValueError("a scenario moves at least one model")
    if Scenario.objects.about(patient.pk).count() >= MOST_SCENARIOS:
        raise TooManyScenarios
    scenario = Scenario.objects.create(
        patient=patient,
        owner=by,
        name=name.strip(),
        interventions=[one.to_dict() for one in interventions],
        result=snapshot(simulation),
        created_at=now,
    )
    scenario.resources.set(_propose(scenario, patient, by, interventions, simulation, now))
    return scenario


@transaction.atomic
def scenario_delete(scenario: Scenario, *, now: datetime) -> None:
    """Forget a scenario; what it left in the record stays there, as withdrawn."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [REFRESH_LOCK, scenario.patient_id])
    proposed = scenario.resources.filter(type__in=["Goal", "CarePlan"], deleted=False)
    stored = current_contents(proposed.values_list("pk", flat=True))
    update_resources(
        [(resource, fhir_rendering.withdrawn(content)) for resource, content in stored.values()],
        now=now,
    )
    scenario.delete()


def _propose(
    scenario: Scenario,
    patient: Patient,
    by: Any,
    interventions: Sequence[Intervention],
    simulation: Simulation,
    now: datetime,
) -> list[Resource]:
    made = create_resources(
        fhir_rendering.goals(
            interventions, scenario=scenario.public_id, patient_id=patient.fhir_id
        ),
        patient_id=patient.pk,
        now=now,
    )
    plan = fhir_rendering.care_plan(
        interventions,
        name=scenario.name,
        scenario=scenario.public_id,
        patient_id=patient.fhir_id,
        practitioner_id=by.practitioner_id,
        goal_ids=[resource.fhir_id for resource in made],
        results=_results(simulation),
        now=now,
    )
    made += create_resources([plan], patient_id=patient.pk, now=now)
    targets = [f"{r.type}/{r.fhir_id}/_history/{r.version}" for r in made]
    said = fhir_rendering.provenance(targets, practitioner_id=by.practitioner_id, now=now)
    return [*made, *create_resources([said], patient_id=patient.pk, now=now)]


def _results(simulation: Simulation) -> list[str]:
    """What is to be looked at first, then the main outcomes, as notes of the CarePlan."""
    answer = Answer(simulation)
    doubts = [f"To be looked at first: {words}. {doubt}" for words, doubt in answer.doubts]
    notes = answer.allergy_notes if answer.begins else ()
    return [*doubts, *(_sentence(drawn.row) for drawn in answer.main), *notes]


def _sentence(row: OutcomeRow) -> str:
    opening = f"{row.title} ({row.model.title}, version {row.model.version})"
    if not row.has_number:
        return f"{opening}: no number after the change. {' '.join(row.reasons)}"
    against = (
        f" Works against it in this model, as an association: {row.against}." if row.against else ""
    )
    return (
        f"{opening}: {row.before_percent} before, {row.after_percent} after "
        f"(effects: {row.after_range}).{against}"
    )
