"""Which runs still rest on what the record says, and which were overtaken by a correction.

A run keeps a fingerprint of every fact it used, and of the demographics. A correction, a
deletion, entered-in-error or a change of subject takes the fact away, so its fingerprint is
no longer among those of the patient's usable facts.
"""

from collections.abc import Iterable

from models_engine.models import ModelRun
from patients.models import Fact
from patients.record.state import Demographics
from patients.record.state_as_of import StoredFact

FEEDS_MODELS = {Fact.Quality.USABLE, Fact.Quality.VERIFY}


def fact_fingerprint(fact: StoredFact) -> str:
    """Resource, then what it said. A new version that says the same has the same fingerprint."""
    said = [fact.concept, repr(fact.value), fact.value_code, str(fact.effective_at or "")]
    return f"{fact.resource_type}/{fact.resource_fhir_id} {'|'.join(said)}"


def demographics_fingerprint(demographics: Demographics) -> str:
    """Sex and birth date as used by every model."""
    born = f"{demographics.birth_date} {demographics.birth_date_precision}"
    return f"Patient {demographics.sex}|{born}"


def usable_fingerprints(facts: Iterable[StoredFact], demographics: Demographics) -> set[str]:
    """What the record says now."""
    found = {fact_fingerprint(fact) for fact in facts if fact.quality in FEEDS_MODELS}
    found.add(demographics_fingerprint(demographics))
    return found


def lost_evidence(run: ModelRun, usable: set[str]) -> list[str]:
    """References to the resources that no longer say what the run used; empty if all do."""
    lost = [mark for mark in run.evidence if mark not in usable]
    return sorted({mark.split(" ", 1)[0] for mark in lost})
