"""What the attention rules ask of the reader, and what comes of it, over the own panel."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from patients import audit
from patients.access.policy import visible_patients
from twinportal.attention.flags import RETURN_STEP
from twinportal.attention.metrics import LEAST_KNOWN, OVERRIDES, RuleMetrics, event_of, rule_metrics
from twinportal.attention.models import Acknowledgement
from twinportal.dashboards.access import role_required

Reason = Acknowledgement.Reason
PERIODS = {30: "30 days", 90: "90 days", 365: "1 year"}


class MetricsRow:
    """One rule, in words."""

    def __init__(self, found: RuleMetrics, budget: float) -> None:
        self.rule = found.rule
        self.alerts, self.open, self.returned = found.alerts, found.open, found.returned
        self.rate = "not known" if found.rate is None else f"{found.rate:.1f}"
        self.is_over = found.rate is not None and found.rate > budget
        self.acknowledged = _share(found.acknowledged_share, found.acknowledged, found.alerts)
        overridden = sum(found.by_reason[reason] for reason in OVERRIDES)
        self.override = _share(found.override_share, overridden, found.answers)
        self.reasons = [(Reason(key).label, n) for key, n in found.by_reason.most_common()]
        if found.predictive_value is None:
            self.predictive = f"not known: {found.known} of {LEAST_KNOWN} needed are known"
        else:
            self.predictive = _share(found.predictive_value, found.events, found.known)
        event = event_of(found.rule)
        self.event = event.in_words() if event else "No recorded event is declared."


def _share(share: float | None, part: int, whole: int) -> str:
    return "none" if share is None else f"{100 * share:.0f} % ({part} of {whole})"


@role_required("clinician")
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts of the own panel, every patient of which the reader may open: nothing is withheld."""
    given = request.GET.get("days", "")
    days = next((known for known in PERIODS if str(known) == given), 90)
    panel = visible_patients(request.user)
    found = rule_metrics(panel, days=days, now=timezone.now())
    audit.record_list(request, [], what="worklist metrics")
    rows = [MetricsRow(one, settings.ALERT_BUDGET) for one in found]
    total = sum(one.rate or 0.0 for one in found)
    context = {
        "rows": rows,
        "patients": found[0].patients,
        "days": days,
        "periods": PERIODS.items(),
        "budget": f"{settings.ALERT_BUDGET:g}",
        "total": f"{total:.1f}",
        "is_over": total > settings.ALERT_BUDGET,
        "overrides": [Reason(r).label for r in Reason if r in OVERRIDES],
        "least_known": LEAST_KNOWN,
        "return_step": f"{100 * RETURN_STEP:g}",
        "events": sorted({row.event for row in rows}),
    }
    return render(request, "clinician/worklist_metrics.html", context)
