"""What was counted of the senders: by sender, by hour and day, and the causes of refusals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Max, Min, Sum
from django.db.models.functions import TruncDay

from patients.models import ClientHour, RejectedElement
from patients.models.activity import COUNTS

HOURS = {"hour": 2, "day": 24, "week": 7 * 24, "month": 30 * 24}


@dataclass
class Counts:
    """Sums of what is counted; see ClientHour."""

    requests: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0
    quarantined: int = 0
    failed: int = 0
    throttled: int = 0
    bytes_in: int = 0

    @property
    def stored(self) -> int:
        """Resources that are in the record because of these requests."""
        return self.created + self.updated + self.deleted

    @property
    def troubles(self) -> int:
        return self.refused + self.quarantined + self.failed + self.throttled

    def add(self, other: "Counts") -> None:
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True)
class CauseRow:
    """Refusals with one cause, over some days. `request_id` is that of the last."""

    source: str
    type: str
    path: str
    code: str
    status: int
    count: int
    first_at: datetime
    last_at: datetime
    request_id: str


@dataclass(frozen=True)
class Causes:
    """Most frequent first; `all_rows` says how many there are when not all are listed."""

    rows: list[CauseRow] = field(default_factory=list)
    all_rows: int = 0


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def start_of(period: str, now: datetime) -> datetime:
    """When the first hour of a period began; periods end with the hour that runs.

    "hour" is that and the one before: a figure that is never empty at five past.
    """
    return hour_of(now) - timedelta(hours=HOURS[period] - 1)


def by_source(*, since: datetime) -> dict[str, Counts]:
    """The sums of every sender since an hour."""
    rows = ClientHour.objects.filter(hour__gte=since).values("source").annotate(**_sums())
    return {row["source"]: _counts(row) for row in rows}


def last_heard() -> dict[str, datetime]:
    """When each sender was last heard, as far back as counts are kept."""
    rows = ClientHour.objects.values("source").annotate(last=Max("last_at"))
    return {row["source"]: row["last"] for row in rows}


def by_hour(*, since: datetime, source: str = "") -> dict[str, dict[datetime, Counts]]:
    """Each sender's hours since one; an hour without a word is left out."""
    found: dict[str, dict[datetime, Counts]] = {}
    rows = ClientHour.objects.filter(hour__gte=since, **({"source": source} if source else {}))
    for row in rows.values("source", "hour", *COUNTS):
        found.setdefault(row["source"], {})[row["hour"]] = _counts(row)
    return found


def by_day(source: str, *, since: datetime) -> dict[date, Counts]:
    """A sender's days in the server's time zone, newest first."""
    rows = (
        ClientHour.objects.filter(source=source, hour__gte=since)
        .annotate(day=TruncDay("hour"))
        .values("day")
        .annotate(**_sums())
        .order_by("-day")
    )
    return {row["day"].date(): _counts(row) for row in rows}


def causes(*, since: date, source: str = "", most: int = 200) -> Causes:
    """Why senders (or one) were refused since a day."""
    wanted = RejectedElement.objects.filter(
        day__gte=since, **({"source": source} if source else {})
    )
    grouped = wanted.values("source", "type", "path", "code", "status").annotate(
        total=Sum("count"),
        first=Min("first_at"),
        last=Max("last_at"),
        ids=ArrayAgg("last_request_id", order_by="-last_at"),
    )
    rows = list(grouped.order_by("-total", "path", "code", "source")[: most + 1])
    number = len(rows) if len(rows) <= most else grouped.count()
    return Causes([_cause(row) for row in rows[:most]], number)


def total_of(counts: Iterable[Counts]) -> Counts:
    total = Counts()
    for one in counts:
        total.add(one)
    return total


def _cause(row: Mapping[str, Any]) -> CauseRow:
    return CauseRow(
        source=row["source"],
        type=row["type"],
        path=row["path"],
        code=row["code"],
        status=row["status"],
        count=row["total"],
        first_at=row["first"],
        last_at=row["last"],
        request_id=row["ids"][0],
    )


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name) for name in COUNTS}


def _counts(row: Mapping[str, Any]) -> Counts:
    return Counts(**{f.name: row.get(f"sum_{f.name}", row.get(f.name, 0)) for f in fields(Counts)})
