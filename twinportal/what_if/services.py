"""Saves and deletes scenarios, with what they leave in the FHIR record. One transaction each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.catalogue.what_if.simulation import Simulation
from patients.models import Patient, Resource
from patients.services.server_written import create_resources
from twinportal.pipeline import REFRESH_LOCK
from twinportal.what_if import fhir_rendering
from twinportal.what_if.models import Scenario
from twinportal.what_if.presenters import Answer, OutcomeRow, snapshot
from twinportal.what_if.withdrawal import checked, versions_of, withdraw

MOST_SCENARIOS = 50
MOST_OF_ONE_OWNER = 15
WITHDRAWN = "The what-if scenario was withdrawn."


class TooManyScenarios(ValueError):
    """A twin has as many scenarios as a page can hold, or as one person may keep of it."""


class NotForThisPerson(ValueError):
    """Part of what was asked is refused; `refused` are the parts with the reasons."""

    def __init__(self, refused: Sequence[tuple[Intervention, str]]) -> None:
        super().__init__(f"{len(refused)} parts are refused")
        self.refused = refused


def lock_twin(patient_id: int) -> None:
    """Until the transaction ends nobody else changes the scenarios or predictions of this twin."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [REFRESH_LOCK, patient_id])


@transaction.atomic
def scenario_save(
    *,
    patient: Patient,
    by: Any,
    name: str,
    interventions: Sequence[Intervention],
    simulation: Simulation,
    now: datetime,
    token: UUID | None = None,
) -> tuple[Scenario, bool]:
    """Keep a what-if under a name, and propose it as Goals and a CarePlan.

    All of it or nothing: a scenario of which a part is refused is not kept without that part.
    Returns the scenario, and False where the same page with the same content (`token`) has made
    it before.

    Raises ValueError without a name or an intervention, or where no model moves, NotForThisPerson,
    TooManyScenarios beyond MOST_SCENARIOS of a twin or MOST_OF_ONE_OWNER.
    """
    if not name.strip() or not interventions:
        raise ValueError("a scenario has a name and at least one change")
    if simulation.propagation.refused:
        raise NotForThisPerson(simulation.propagation.refused)
    if not simulation.moves:
        raise ValueError("a scenario moves at least one model")
    lock_twin(patient.pk)
    saved = token and Scenario.objects.filter(patient=patient, owner=by, token=token).first()
    if saved:
        return saved, False
    kept = list(Scenario.objects.about(patient.pk).values_list("owner", flat=True))
    if len(kept) >= MOST_SCENARIOS or kept.count(by.pk) >= MOST_OF_ONE_OWNER:
        raise TooManyScenarios
    scenario = Scenario.objects.create(
        patient=patient,
        owner=by,
        name=name.strip(),
        interventions=[one.to_dict() for one in interventions],
        result=snapshot(simulation),
        created_at=now,
        token=token,
    )
    scenario.resources.set(_propose(scenario, patient, by, interventions, simulation, now))
    return scenario, True


@transaction.atomic
def scenario_delete(scenario: Scenario, *, by: Any, now: datetime) -> bool:
    """Forget a scenario; what it left in the record stays there, as withdrawn by `by`.

    False where somebody else had withdrawn it already.
    """
    lock_twin(scenario.patient_id)
    found = Scenario.objects.filter(pk=scenario.pk)
    return bool(withdraw(found, now=now, practitioner_id=by.practitioner_id, reason=WITHDRAWN))


def _propose(
    scenario: Scenario,
    patient: Patient,
    by: Any,
    interventions: Sequence[Intervention],
    simulation: Simulation,
    now: datetime,
) -> list[Resource]:
    goals = fhir_rendering.goals(
        interventions, scenario=scenario.public_id, patient_id=patient.fhir_id
    )
    checked(goals)
    made = create_resources(goals, patient_id=patient.pk, now=now)
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
    checked([plan])
    made += create_resources([plan], patient_id=patient.pk, now=now)
    said = fhir_rendering.provenance(versions_of(made), practitioner_id=by.practitioner_id, now=now)
    checked([said])
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
