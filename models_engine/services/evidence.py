"""What a run is to remember of the facts it used."""

from collections.abc import Mapping

from models_engine.fingerprints import demographics_fingerprint
from models_engine.services.run import ModelResult
from patients.record.state import Demographics


def evidence_of(
    result: ModelResult, fingerprints: Mapping[int, str], demographics: Demographics
) -> list[str]:
    """The fingerprints to keep with a run, from those of all facts by their keys."""
    used = {fingerprints[fact_id] for fact_id in result.fact_ids()}
    return [demographics_fingerprint(demographics), *sorted(used)]
