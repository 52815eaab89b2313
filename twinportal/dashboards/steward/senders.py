"""Who sends: registered clients and what else has counts, those with troubles first."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from oauth2_provider.models import Application

from explain.figures.columns import Columns, columns
from patients.models import ClientProfile
from patients.selectors import activity
from patients.selectors.activity import Counts
from twinportal.dashboards.steward.words import ABOUT_SENDERS, SENDERS

DAY = 24


@dataclass(frozen=True)
class Sender:
    """One line of the list of clients. `profile` is None for what is no registered client."""

    source: str
    name: str
    about: str
    url: str
    profile: ClientProfile | None = None
    is_client: bool = True

    @property
    def is_active(self) -> bool:
        return self.profile is None or self.profile.is_active

    @property
    def is_tolerant(self) -> bool:
        return bool(getattr(self.profile, "tolerant", False))

    @property
    def rate(self) -> str:
        """As "20000/min" or "off"; empty for what has no limit of its own."""
        if not self.is_client:
            return ""
        return (self.profile.rate if self.profile else "") or settings.FHIR_RATE or "off"


@dataclass(frozen=True)
class Course:
    """Requests or writes by hour, drawn, and in words for who does not see it."""

    figure: Columns
    summary: str


@dataclass(frozen=True)
class Line:
    """A sender, what they did in a period, and their last 24 hours."""

    sender: Sender
    counts: Counts
    heard_at: datetime | None
    course: Course
    troubles_today: int = 0
    periods: dict[str, Counts] = field(default_factory=dict)


def client(application: Application) -> Sender:
    profile: ClientProfile | None = getattr(application, "profile", None)
    return Sender(
        source=f"client {application.pk}",
        name=application.name or f"client {application.pk}",
        about=profile.allowed_scopes if profile else "",
        url=reverse("steward-client", args=[application.pk]),
        profile=profile,
    )


def other(source: str) -> Sender:
    """The server itself, persons, nobody; or a client whose registration is gone."""
    name = SENDERS.get(source, f"{source} (removed)")
    known = source in SENDERS
    return Sender(
        source=source,
        name=name,
        about=ABOUT_SENDERS.get(source, ""),
        url=reverse("steward-sender", args=[source]) if known else "",
        is_client=False,
    )


def all_senders(sources: set[str]) -> list[Sender]:
    """Every registered client, and what else has counts. One statement."""
    found = [client(a) for a in Application.objects.select_related("profile").order_by("name")]
    known = {sender.source for sender in found}
    return found + [other(source) for source in sorted(sources - known)]


def lines(period: str, *, now: datetime) -> list[Line]:
    """Everybody, by what a steward must look at: troubles of the last day, then the last heard.

    Four statements, however many there are.
    """
    heard = activity.last_heard()
    counts = activity.by_source(since=activity.start_of(period, now))
    hours = activity.by_hour(since=activity.start_of("day", now))
    made = []
    for sender in all_senders(set(heard)):
        today = hours.get(sender.source, {})
        made.append(
            Line(
                sender,
                counts.get(sender.source, Counts()),
                heard.get(sender.source),
                course(today, now),
                activity.total_of(today.values()).troubles,
            )
        )
    return sorted(made, key=_worst_first)


def _worst_first(line: Line) -> tuple[bool, int, float, str]:
    heard = line.heard_at.timestamp() if line.heard_at else 0.0
    return (not line.sender.is_active, -line.troubles_today, -heard, line.sender.name)


def course(hours: dict[datetime, Counts], now: datetime) -> Course:
    """The last 24 hours of one sender: all that came, with what was not taken set off."""
    first = activity.start_of("day", now)
    each = [hours.get(first + timedelta(hours=i), Counts()) for i in range(DAY)]
    came = [c.stored + c.unchanged + c.troubles for c in each]
    troubles = [c.troubles for c in each]
    total, bad = sum(came), sum(troubles)
    if not total:
        return Course(columns(came, troubles), "nothing sent in 24 hours")
    most = max(range(DAY), key=came.__getitem__)
    words = f"{total:,} writes in 24 hours, {bad:,} of them not taken; most in one hour: "
    when = "in the last" if most == DAY - 1 else f"{DAY - 1 - most} h ago"
    return Course(columns(came, troubles), f"{words}{came[most]:,}, {when}")
