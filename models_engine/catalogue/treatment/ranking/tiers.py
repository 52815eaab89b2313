"""The guideline's tier of a way, from the rows that hold for the person. Pure."""

from collections.abc import Iterable

from models_engine.catalogue.treatment.knowledge.schema import Recommendation
from models_engine.catalogue.treatment.person import TreatmentPerson
from models_engine.catalogue.treatment.ranking.results import AGAINST, RESERVE, UNSPOKEN, Kind

# below it, mmHg, one more medicine against pressure is none of the first [J]; no effect is known there
NEXT_STEP_FROM = 130.0


def tier_of(said: Iterable[Recommendation]) -> int:
    """What speaks against goes before all, else the best that is said."""
    tiers = {row.tier for row in said}
    if AGAINST in tiers:
        return AGAINST
    return min(tiers, default=UNSPOKEN)


def next_step(tier: int, indication: str, kind: Kind, person: TreatmentPerson) -> int:
    """The same, but in reserve for one more medicine at a pressure that is not high."""
    pressure = person.value("systolic_bp")
    is_low = pressure is not None and pressure < NEXT_STEP_FROM
    if indication == "hypertension" and kind == "add" and is_low:
        return max(RESERVE, tier)
    return tier
