"""What every part of the twin page shows: whose it is, how fresh it is, which part it is.

The parts are pages of their own with an address each, so that one can be linked to, opened beside
another and read without scripts, and so that each reads only what it shows. They are therefore
links in a `nav` with `aria-current`, not ARIA tabs: a tab list promises that nothing is loaded and
that the arrow keys change what is seen, and neither would be true.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.utils.text import Truncator

from patients.access.consent import Purpose, permits
from patients.models import Patient, StaleTwin
from patients.record.allergy_status import AllergyStatus, allergy_status
from patients.record.loading import demographics_of, facts_of
from patients.record.state import State
from patients.record.state_as_of import state_as_of
from patients.selectors.mappings import readings
from patients.selectors.quarantine import waiting_about
from patients.terminology.conditions import CONDITIONS
from patients.terminology.measurements import OBSERVATIONS
from twinportal.dashboards.clinician.joined import identity_of
from twinportal.dashboards.display import age_text, birth_date_text
from twinportal.twin_version import version_of

# of one allergy: none is left out, however long another's text is
LONGEST_NAME = 80


@dataclass(frozen=True)
class TabName:
    """A part of the twin page; `anchors` are what stood there when the twin was one page."""

    key: str
    title: str
    url_name: str
    anchors: str = ""


TAB_NAMES = (
    TabName("overview", "Overview", "twin"),
    TabName("predictions", "Predictions", "twin-predictions"),
    TabName("trends", "Trends", "twin-trends"),
    TabName("record", "Record", "twin-record", "not-read"),
    TabName("tools", "Tools", "twin-tools", "simulations"),
)


class Banner:
    """Who this is; on every page about the patient."""

    def __init__(self, patient: Patient, state: State, now: datetime) -> None:
        self.patient = patient
        self.name = patient.name or "Name not recorded"
        self.birth_date, self.age = birth_date_text(patient), age_text(patient, now)
        self.sex = patient.sex or "not recorded"
        self.identifier = patient.identifier_value or "none"
        self.allergies: AllergyStatus = allergy_status(state)

    @property
    def allergy_text(self) -> str:
        match self.allergies.kind:
            case "listed":
                names = [
                    Truncator(v.display or "allergy without a name").chars(LONGEST_NAME)
                    for v in self.allergies.listed
                ]
                return ", ".join(dict.fromkeys(names))
            case "none_confirmed":
                return "none: confirmed"
            case _:
                return "not recorded"

    @property
    def allergies_need_attention(self) -> bool:
        return self.allergies.kind != "none_confirmed"


class TwinTab:
    """What all parts share, as of `now`."""

    key = "overview"

    def __init__(self, patient: Patient, now: datetime) -> None:
        self.patient, self.now = patient, now
        # before anything is read: what comes in between is then a change, not a loss
        self.version = version_of(patient.pk)
        self.state = state_as_of(demographics_of(patient), facts_of(patient.pk), now)
        self.banner = Banner(patient, self.state, now)
        self.identity = identity_of(patient)
        self.stale = StaleTwin.objects.filter(pk=patient.pk).first()
        self.kept_apart = waiting_about(patient)
        self.hides_estimates = not permits(patient, Purpose.SEE_PREDICTIONS)
        self.names = TAB_NAMES
        self.poll_seconds = settings.TWIN_POLL_SECONDS

    @cached_property
    def readings(self) -> dict[int, str]:
        """What is said of every mapping that has read something shown. One query at most."""
        return readings(set(self.mappings_shown()))

    def mappings_shown(self) -> Iterable[int]:
        """The data stewards' mappings that what is shown rests on."""
        return ()


def concept_label(concept: str) -> str:
    """A concept's display name, of whatever kind."""
    known = OBSERVATIONS.get(concept) or CONDITIONS.get(concept)
    if known:
        return known.display
    # "genotype:CYP2C19": the names of genes are as they are
    kind, _, gene = concept.partition(":")
    return f"{kind.replace('_', ' ').capitalize()} {gene}".strip()
