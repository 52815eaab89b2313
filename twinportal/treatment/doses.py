"""The dose of a candidate in words, as a proposal carries it."""

from models_engine.catalogue.treatment.ranking.results import Candidate


def dose_words(one: Candidate) -> str:
    """The dose that fits; where a rule only advises, the usual dose and the advice."""
    usual = one.option.dose if one.option else ""
    if not one.dose or one.dose == usual:
        return usual or one.dose
    fits = any(f.kind == "kidney_dose" and f.daily_mg is not None for f in one.safety.findings)
    if fits or not usual or one.kind == "keep":
        return one.dose
    return f"{usual}; {one.dose}"


def name_of(one: Candidate) -> str:
    """What is given, without a dose that may not be the one that fits."""
    return " and ".join(one.option.ingredients) if one.option else one.label
