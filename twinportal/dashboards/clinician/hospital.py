"""Scores of a stay in hospital as the twin page shows them: never one whose hour has passed."""

from datetime import UTC, datetime

from models_engine.fhir_rendering import band_text
from twinportal.dashboards.clinician.blocks import Block, PredictionView
from twinportal.dashboards.clinician.trends import number, unit_text


class HospitalScore:
    """One score as of `now`; the number is gone once its observations are too old."""

    def __init__(self, block: Block, now: datetime) -> None:
        self.main, self.under = block.main, block.under
        self.expires_at = self.main.row.expires_at
        self.is_over = self.expires_at is not None and self.expires_at < now

    @property
    def has_number(self) -> bool:
        return self.main.has_number and not self.is_over

    @property
    def shown(self) -> str:
        """The score, e.g. "1 point"."""
        return _shown(self.main)

    @property
    def band(self) -> str:
        return _band(self.main)

    @property
    def flags(self) -> list[str]:
        """What the other outcomes say, where they have words for it."""
        return [_band(view) for view in self.under if view.outcome.bands and view.row.value]

    @property
    def figures(self) -> list[tuple[str, str]]:
        """The other outcomes that are numbers: label, and value with its unit."""
        return [(view.outcome.label, _shown(view)) for view in self.under if not view.outcome.bands]

    @property
    def cautions(self) -> list[str]:
        """Notes that may change what the number means: at least, please verify."""
        signs = ("At least", "please verify")
        return [note for note in self.main.row.notes if any(sign in note for sign in signs)]

    @property
    def taken(self) -> str:
        """When the one set of observations was taken, e.g. "09:12 to 09:40 UTC on 20 Nov 2026"."""
        if self.expires_at is None:
            return ""
        moments = [
            datetime.fromisoformat(row["effective_at"]).astimezone(UTC)
            for row in self.main.row.inputs
            if row["effective_at"]
        ]
        if not moments:
            return ""
        first, last = min(moments), max(moments)
        times = f"{last:%H:%M}" if first == last else f"{first:%H:%M} to {last:%H:%M}"
        return f"{times} UTC on {last:%-d %b %Y}"


def _shown(view: PredictionView) -> str:
    if view.row.value is None:
        return ""
    value, unit = number(view.row.value), unit_text(view.row.unit)
    return f"{value} {'point' if (value, unit) == ('1', 'points') else unit}".strip()


def _band(view: PredictionView) -> str:
    """The band; how sure we are of its limits only where it differs from the score itself."""
    found = view.outcome.band_of(view.row.value) if view.row.value is not None else None
    if found is None:
        return ""
    same = view.model is not None and found.evidence == view.model.facts.evidence
    return found.label if same else band_text(found)
