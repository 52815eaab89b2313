"""The part of the twin page with the course of its measurements."""

from collections.abc import Iterable
from datetime import datetime

from models_engine.selectors import standing_checks
from patients.models import Patient
from twinportal.dashboards.clinician.missed import keeps_missing
from twinportal.dashboards.clinician.trends import REFERENCE_NOTE, trends_of
from twinportal.dashboards.clinician.twin_page import TwinTab

# newest first; the rule on misses looks at the last seven of each measurement
CHECKS_READ = 500


class Trends(TwinTab):
    """Sparklines with their tables, and forecasts that keep missing. One query of its own."""

    key = "trends"
    reference_note = REFERENCE_NOTE

    def __init__(self, patient: Patient, now: datetime) -> None:
        super().__init__(patient, now)
        self.trends = trends_of(self.state)
        self.missed = keeps_missing(standing_checks(patient.pk)[:CHECKS_READ])

    def mappings_shown(self) -> Iterable[int]:
        yield from (n for trend in self.trends for n in trend.read_by)
