"""The data steward's first pages: what comes in, what does not, and what waits."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from oauth2_provider.models import Application

from patients import audit
from patients.selectors import activity
from patients.selectors.activity import Counts
from twinportal import staleness
from twinportal.dashboards.access import role_required
from twinportal.dashboards.steward import senders
from twinportal.dashboards.steward.aside import aside
from twinportal.dashboards.steward.findings import findings
from twinportal.dashboards.steward.words import SENDERS, counted
from twinportal.operations import operations

PERIODS = {
    "hour": "this hour and the last",
    "day": "24 hours",
    "week": "7 days",
    "month": "30 days",
}
DAYS = {2: "today and yesterday", 7: "7 days", 30: "30 days", 90: "90 days"}
FEW_CAUSES = 5
SHOWN_DAYS = 30


@require_safe
@role_required("steward")
def overview(request: HttpRequest) -> HttpResponse:
    """Numbers and links; no patient is named here."""
    now = timezone.now()
    period = request.GET.get("period", "day")
    period = period if period in PERIODS else "day"
    listed = senders.lines(period, now=now)
    state = operations(now=now)
    apart = aside()
    today = activity.total_of(activity.by_source(since=activity.start_of("day", now)).values())
    context = {
        "section": "overview",
        "now": now,
        "state": state,
        "today": today,
        "aside": apart,
        "findings": findings(state, today, apart),
        "lines": listed,
        "total": activity.total_of(line.counts for line in listed),
        "period": period,
        "periods": PERIODS,
        "since": activity.start_of(period, now),
        "causes": activity.causes(since=_first_day(2, now), most=FEW_CAUSES),
        "names": {line.sender.source: line.sender for line in listed},
    }
    return render(request, "steward/overview.html", context)


@require_safe
@role_required("steward")
def client(request: HttpRequest, pk: int) -> HttpResponse:
    """One registered client by hour and by day."""
    application = get_object_or_404(Application.objects.select_related("profile"), pk=pk)
    return _one(request, senders.client(application))


@require_safe
@role_required("steward")
def sender(request: HttpRequest, source: str) -> HttpResponse:
    """The same for what is no client."""
    if source not in SENDERS:
        raise Http404
    return _one(request, senders.other(source))


def _one(request: HttpRequest, who: senders.Sender) -> HttpResponse:
    now = timezone.now()
    month = activity.by_hour(since=activity.start_of("month", now), source=who.source)
    hours = month.get(who.source, {})
    first_hour = activity.start_of("day", now)
    context = {
        "section": "overview",
        "now": now,
        "sender": who,
        "heard_at": activity.last_heard().get(who.source),
        "course": senders.course(hours, now),
        "periods": [(words, _since(hours, name, now)) for name, words in PERIODS.items()],
        "hours": [(h, c) for h, c in sorted(hours.items(), reverse=True) if h >= first_hour],
        "days": activity.by_day(who.source, since=activity.start_of("month", now)),
        "causes": activity.causes(since=_first_day(SHOWN_DAYS, now), source=who.source),
        "shown_days": SHOWN_DAYS,
    }
    return render(request, "steward/client.html", context)


def _since(hours: dict[datetime, Counts], period: str, now: datetime) -> Counts:
    start = activity.start_of(period, now)
    return activity.total_of(counts for hour, counts in hours.items() if hour >= start)


@require_safe
@role_required("steward")
def rejects(request: HttpRequest) -> HttpResponse:
    """Why writes were refused, most frequent first."""
    now = timezone.now()
    given = request.GET.get("days", "")
    days = int(given) if given.isdecimal() and len(given) < 4 and int(given) in DAYS else 7
    known = {s.source: s for s in senders.all_senders(set(activity.last_heard()))}
    source = request.GET.get("source", "")
    source = source if source in known else ""
    context: dict[str, Any] = {
        "section": "rejects",
        "now": now,
        "days": days,
        "choices": DAYS,
        "names": known,
        "source": source,
        "causes": activity.causes(since=_first_day(days, now), source=source),
    }
    return render(request, "steward/rejects.html", context)


@require_POST
@role_required("steward")
def retry(request: HttpRequest) -> HttpResponse:
    """Twins that failed are due now; the next sweep comes for them."""
    number = staleness.retry_failed(now=timezone.now())
    audit.record(
        actor_kind="user",
        actor=str(request.user.pk),
        action="retry",
        what="twins that failed",
        detail=counted(number, "twin"),
        request_id=getattr(request, "request_id", ""),
    )
    words = "No twin has failed." if not number else f"{counted(number, 'twin')} will be tried now."
    messages.success(request, words)
    return redirect("steward-home")


def _first_day(days: int, now: datetime) -> date:
    """Causes are counted by days of UTC; today is one of them."""
    return now.astimezone(UTC).date() - timedelta(days=days - 1)
