"""Which ways of treating a patient may be shown as a choice."""

from models_engine.catalogue.treatment.ranking.order import is_worse
from models_engine.catalogue.treatment.ranking.results import AGAINST, Candidate

AVOIDED = ("X", "D")


def why_not_shared(one: Candidate) -> str:
    """Why a way is no choice for the patient, in a few words; empty where it is one."""
    if any(found.level in AVOIDED for found in one.safety.findings):
        return "it is to be avoided"
    if one.safety.level == "ask":
        return "an input that decides its safety is missing"
    if one.tier == AGAINST:
        return "the guideline advises against it"
    return "it is surely worse than the treatment of today" if is_worse(one) else ""
