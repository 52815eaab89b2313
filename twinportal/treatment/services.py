"""Keeps, shares and withdraws proposals of treatment, with what they leave in the FHIR record."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from models_engine.catalogue.treatment.ranking.results import Candidate, Ranking
from models_engine.catalogue.treatment.safety.finding import Finding
from patients.models import Patient, Resource
from patients.services.server_written import create_resources
from twinportal.treatment import fhir_rendering
from twinportal.treatment.models import TreatmentProposal
from twinportal.treatment.sharing import why_not_shared
from twinportal.treatment.snapshot import snapshot
from twinportal.treatment.summaries import summary
from twinportal.treatment.withdrawal import TAG, withdraw
from twinportal.treatment.words import LABELS
from twinportal.what_if.fhir_rendering import provenance
from twinportal.what_if.services import lock_twin
from twinportal.what_if.withdrawal import checked, versions_of

MOST_PROPOSALS = 50
WITHDRAWN = "The proposal of treatment was withdrawn."


class NotToKeep(ValueError):
    """Why this cannot be kept or shared, in a sentence for the page."""


@transaction.atomic
def proposal_save(
    *,
    patient: Patient,
    by: Any,
    ranking: Ranking,
    keys: Sequence[str],
    share: bool,
    now: datetime,
    token: UUID | None = None,
) -> tuple[TreatmentProposal, bool]:
    """Keep some candidates of a ranking, and propose them as a RequestGroup.

    Returns the proposal, and False where the same page with the same content (`token`) has made it
    before. Raises NotToKeep.
    """
    lock_twin(patient.pk)
    saved = token and TreatmentProposal.objects.filter(patient=patient, owner=by, token=token)
    if saved and (known := saved.first()):
        return known, False
    chosen = _chosen(ranking, keys, share=share)
    if TreatmentProposal.objects.about(patient.pk).count() >= MOST_PROPOSALS:
        raise NotToKeep(f"A twin has at most {MOST_PROPOSALS} proposals. Withdraw one first.")
    proposal = TreatmentProposal.objects.create(
        patient=patient,
        owner=by,
        indication=ranking.indication,
        result=snapshot(ranking, keys),
        preferences=asdict(ranking.preferences),
        created_at=now,
        shared_at=now if share else None,
        token=token,
    )
    proposal.resources.set(_propose(proposal, patient, by, ranking, chosen, now))
    return proposal, True


def _chosen(ranking: Ranking, keys: Sequence[str], *, share: bool) -> list[Candidate]:
    by_key = {one.key: one for one in ranking.candidates}
    if ranking.barred or not keys or set(keys) - set(by_key):
        raise NotToKeep("What you chose is not in the ranking any more. Look at the page again.")
    chosen = [one for one in ranking.candidates if one.key in keys]
    if share:
        bad = [f"{one.label}: {why}" for one in chosen if (why := why_not_shared(one))]
        if bad:
            raise NotToKeep(f"Not shared with the patient. {'; '.join(bad)}.")
        if len(chosen) == 1:
            raise NotToKeep("A choice has at least two sides: choose two or three to share.")
    return chosen


def _propose(
    proposal: TreatmentProposal,
    patient: Patient,
    by: Any,
    ranking: Ranking,
    chosen: Sequence[Candidate],
    now: datetime,
) -> list[Resource]:
    kept = proposal.result["candidates"]
    notes = [*ranking.notes]
    if ranking.unresolved:
        names = ", ".join(one.label for one in ranking.unresolved)
        notes.append(
            f"Interactions with these could not be looked at, nothing names them: {names}."
        )
    group = fhir_rendering.request_group(
        [{**one, "summary": summary(one)} for one in kept],
        title=f"{LABELS[ranking.indication]}: options to discuss",
        proposal=proposal.public_id,
        patient_id=patient.fhir_id,
        practitioner_id=by.practitioner_id,
        notes=notes,
        now=now,
    )
    issues = fhir_rendering.detected_issues(
        _findings(ranking, chosen),
        proposal=proposal.public_id,
        patient_id=patient.fhir_id,
        now=now,
    )
    checked([group, *issues])
    made = create_resources([group, *issues], patient_id=patient.pk, now=now)
    said = provenance(versions_of(made), practitioner_id=by.practitioner_id, now=now, tag=TAG)
    checked([said])
    return [*made, *create_resources([said], patient_id=patient.pk, now=now)]


def _findings(ranking: Ranking, chosen: Sequence[Candidate]) -> Iterable[tuple[str, Finding]]:
    """Of what is taken today, then of each option that was chosen; each once."""
    seen = set()
    for about, found in (
        *(("", one) for one in ranking.current),
        *((one.label, found) for one in chosen for found in one.safety.findings),
    ):
        if found.level != "told" and (about, found.message) not in seen:
            seen.add((about, found.message))
            yield about, found


@transaction.atomic
def proposal_withdraw(proposal: TreatmentProposal, *, by: Any, now: datetime) -> bool:
    """Forget a proposal; what it left in the record stays there, as withdrawn by `by`.

    False where somebody else had withdrawn it already.
    """
    lock_twin(proposal.patient_id)
    found = TreatmentProposal.objects.filter(pk=proposal.pk)
    return bool(withdraw(found, now=now, practitioner_id=by.practitioner_id, reason=WITHDRAWN))


@transaction.atomic
def proposal_share(proposal: TreatmentProposal, *, shared: bool, now: datetime) -> None:
    """Show a kept proposal to the patient, or take it back."""
    candidates = proposal.result["candidates"]
    bad = [f"{c['label']}: {c['why_not_shared']}" for c in candidates if c["why_not_shared"]]
    if shared and bad:
        raise NotToKeep(f"{'; '.join(bad)}.")
    if shared and len(candidates) == 1:
        raise NotToKeep("A choice has at least two sides.")
    proposal.shared_at = now if shared else None
    proposal.save(update_fields=["shared_at"])
