"""The disease trajectories that this site has switched on, for the pages that speak of them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from models_engine.catalogue.disease.artefact import ArtefactError, Trajectories
from models_engine.catalogue.disease.methods import METHOD_TEXT, Method
from models_engine.disease_trajectories import trajectories


@dataclass(frozen=True)
class SwitchedOn:
    """What the setting names: an artefact, or why it cannot be read."""

    artefact: Trajectories | None
    fault: str = ""


def switched_on() -> SwitchedOn | None:
    """None where the site has switched nothing on."""
    if not settings.DISEASE_TRAJECTORIES:
        return None
    try:
        found = trajectories(settings.DISEASE_TRAJECTORIES_DIR, settings.DISEASE_TRAJECTORIES)
    except ArtefactError as error:
        return SwitchedOn(None, str(error))
    return SwitchedOn(found)


def span(days: int) -> str:
    """ "1 year", "2 years" or "90 days"."""
    years = round(days / 365.25)
    if years and abs(days - years * 365.25) <= years:
        return f"{years} year{'' if years == 1 else 's'}"
    return f"{days} day{'' if days == 1 else 's'}"


def recall_text(row: dict[str, Any]) -> str:
    """ "43 % (39 to 47)"."""
    return f"{100 * row['mean']:.0f} % ({100 * row['low']:.0f} to {100 * row['high']:.0f})"


def method_sentence(artefact: Trajectories) -> str:
    """Which method is used, and what became of the embedding."""
    used = f"The numbers rest on {METHOD_TEXT[artefact.method]}."
    if artefact.method is Method.EMBEDDING:
        return f"{used} It was the best in people held out to choose by."
    return (
        f"{used} The embedding (disease space) was not better in people held out to choose by, "
        "and is not used."
    )
