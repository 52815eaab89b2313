"""What the quarantine's pages show, made of rows; and what a query string may ask for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson
from oauth2_provider.models import Application

from patients.fhir.corrections import texts_at
from patients.fhir.definitions import resource_types
from patients.fhir.element_paths import codes_of
from patients.models import CorrectionRule, QuarantinedResource
from patients.selectors.quarantine import UNSEEN, Cause, Chosen
from patients.services.fault_places import WRONG_CODE
from patients.services.rule_reach import resources_of
from twinportal.dashboards.steward.json_lines import Line, lines_of

CAUSE = re.compile(r"[a-z-]{1,40}( [A-Za-z0-9_.*]{1,300})?")
SOURCE = re.compile(r"[\w .:-]{1,200}")
STATES = QuarantinedResource.State
# beyond these a browser only suffers
MOST_CHARACTERS = 1_000_000
MOST_FAULTS = 200
MOST_PRESETS = 20


def chosen_of(query: Mapping[str, str], *, state: str = "") -> Chosen:
    """What a query asks for; what it cannot mean is left out. `state` where it names none."""
    kind, cause = query.get("type", ""), query.get("cause", "")
    source, asked = query.get("source", ""), query.get("state", state)
    return Chosen(
        kind if kind in resource_types() else "",
        source if SOURCE.fullmatch(source) else "",
        cause if CAUSE.fullmatch(cause) else "",
        asked if asked in STATES or asked == UNSEEN else "",
    )


def address_of(chosen: Chosen, **more: str) -> str:
    """The query string of a choice. No PHI is in it: types, elements and clients."""
    given = {"type": chosen.type, "source": chosen.source, "cause": chosen.cause}
    given |= {"state": chosen.state, **more}
    return urlencode({name: value for name, value in given.items() if value or name == "state"})


def client_names() -> dict[int, str]:
    return dict(Application.objects.values_list("pk", "name"))


def client_of(row: QuarantinedResource, names: Mapping[int, str]) -> str:
    return names.get(row.application_id or 0, "") or row.source


class CauseRow:
    """A cause with its client's name, and the address of what has it."""

    def __init__(self, cause: Cause, names: Mapping[int, str]) -> None:
        self.cause = cause
        self.client = names.get(cause.application_id or 0, "") or cause.source
        self.chosen = Chosen(cause.type, cause.source, cause.cause, STATES.WAITING)
        self.address = address_of(self.chosen)
        is_whole = cause.type == "Bundle" and not cause.element.startswith("Bundle")
        self.kind = "Transaction" if is_whole else cause.type


@dataclass(frozen=True)
class Preset:
    """A rule that could be made: an element, the text that is there, the codes it might mean."""

    element: str
    text: str
    codes: list[str] = field(default_factory=list)


class ItemPage:
    """One item with its faults and what was sent."""

    def __init__(self, row: QuarantinedResource) -> None:
        self.row = row
        self.faults = row.faults[:MOST_FAULTS]
        self.more_faults = max(0, len(row.faults) - MOST_FAULTS)
        self.client = row.application.name if row.application else row.source
        self.conditions = list(orjson.loads(row.conditions).items())
        self.rules = list(CorrectionRule.objects.filter(pk__in=row.rules).order_by("pk"))
        self.is_waiting = row.state == STATES.WAITING
        # a person decides whether what was sent later is the same
        self.is_held = any(f["code"] == "duplicate" for f in row.faults)

    @property
    def lines(self) -> list[Line]:
        """The content line by line; none where it is too long to be read here."""
        if len(self.row.content) > MOST_CHARACTERS:
            return []
        faulty = {str(fault["expression"]) for fault in self.row.faults}
        return lines_of(self.row.content, self.row.type, faulty)

    @property
    def presets(self) -> list[Preset]:
        """Rules that this item's faults suggest."""
        elements = {str(f["path"]) for f in self.row.faults if f["code"] == WRONG_CODE}
        found: set[tuple[str, str]] = set()
        for resource in resources_of(self.row):
            for element in elements:
                if element.split(".")[0] == resource.get("resourceType"):
                    wrong = texts_at(resource, element) - codes_of(element)
                    found |= {(element, text) for text in wrong}
        listed = [Preset(e, text, sorted(codes_of(e))) for e, text in sorted(found) if codes_of(e)]
        return listed[:MOST_PRESETS]
