"""The part of the twin page with what can be tried on it: nothing there is stored by looking."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from models_engine.catalogue.mechanistic.drugs import DRUGS
from twinportal.dashboards.clinician.twin_page import TwinTab
from twinportal.molecular.selectors import has_network


@dataclass(frozen=True)
class Tool:
    """A link with what one finds behind it."""

    title: str
    what: str
    url_name: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """A tool that is installed here, with its address."""

    title: str
    what: str
    url: str


DECIDE = (
    Tool("Treatment", "Options ranked by what this patient would gain and lose.", "treatment"),
    Tool("Medicines", "Doses, sources and contradictions; what speaks against them.", "medicines"),
    Tool("What if", "Change an input and see what the models would then say.", "what-if"),
    Tool("What would lower it", "The fewest changes that reach a lower probability.", "lower"),
)
SIMILAR = (
    Tool("People like this one", "How the most similar people here fared, k-anonymous.", "similar"),
)
LOOK_AHEAD = (
    Tool("Trajectories", "Where measurements are heading, and how forecasts did.", "trajectories"),
)
SIMULATE = (
    *(
        Tool(
            f"Drug levels: {drug.name.lower()}",
            "Doses and levels over time.",
            "drug-levels",
            (drug.id,),
        )
        for drug in DRUGS.values()
    ),
    Tool("Body weight", "Weight under diet and activity.", "body-weight"),
    Tool("Course of diabetes", "Glucose, insulin and cells over years.", "diabetes-course"),
)
MOLECULAR = (Tool("Molecular data", "Expression, pathways and drugs.", "molecular"),)


def links(tools: tuple[Tool, ...], public_id: UUID) -> list[Link]:
    """Each tool with its address for this twin."""
    return [
        Link(tool.title, tool.what, reverse(tool.url_name, args=[public_id, *tool.args]))
        for tool in tools
    ]


class Tools(TwinTab):
    """Groups of links; one query of its own."""

    key = "tools"

    @property
    def groups(self) -> list[tuple[str, str, list[Link]]]:
        """Id of the heading, heading and links."""
        of = self.patient.public_id
        decide = DECIDE + (SIMILAR if settings.SIMILAR == "on" else ())
        found = [
            ("decide", "Decide together", links(decide, of)),
            ("look-ahead", "Look ahead", links(LOOK_AHEAD, of)),
            ("simulations", "Simulations", links(SIMULATE, of)),
        ]
        if has_network():
            found.append(("molecular", "Molecular", links(MOLECULAR, of)))
        return found
