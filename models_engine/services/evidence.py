"""What a run is to remember of the facts it used."""

from models_engine.fingerprints import demographics_fingerprint, fact_fingerprint
from models_engine.services.run import ModelResult
from patients.models import Fact
from patients.record.state import Demographics


def evidence_of(
    result: ModelResult, facts: dict[int, Fact], demographics: Demographics
) -> list[str]:
    """The fingerprints to keep with a run."""
    used = {fact_fingerprint(facts[fact_id]) for fact_id in result.fact_ids()}
    return [demographics_fingerprint(demographics), *sorted(used)]
