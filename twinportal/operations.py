"""The state of the running system in numbers, for pages and for whatever monitors it. No PHI."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min

from patients.models import Heartbeat, Patient, Resource, StaleTwin
from twinportal.heartbeat import BULK, SWEEP, WORKER
from twinportal.population.models import PopulationRun
from twinportal.population.services import last_run

QUEUES = ("celery", "bulk")
# delivered to a worker, and not done
IN_HAND = "unacked"
# a count reads every row; beyond so many an estimate will do
COUNTED_UP_TO = 100_000
# expired files are looked for every ten minutes, by the worker of imports and exports
BULK_PATIENCE = timedelta(minutes=25)


@dataclass(frozen=True)
class Queues:
    """Messages that wait, by queue, and those that workers have in hand."""

    waiting: dict[str, int]
    in_hand: int

    @property
    def total(self) -> int:
        return sum(self.waiting.values())


@dataclass(frozen=True)
class Failure:
    """Twins whose last refresh ended with one class of error."""

    error: str
    twins: int
    most_attempts: int
    next_try: datetime | None


@dataclass(frozen=True)
class StaleTwins:
    """Twins that changed since their predictions were made."""

    waiting: int
    oldest: datetime | None
    failures: tuple[Failure, ...]

    @property
    def failed(self) -> int:
        return sum(failure.twins for failure in self.failures)


@dataclass(frozen=True)
class Size:
    """`resources` is PostgreSQL's own estimate where `is_estimate`."""

    twins: int
    resources: int
    is_estimate: bool
    bytes: int


@dataclass(frozen=True)
class Operations:
    """Everything at one moment. `queues` is None while the broker does not answer, `population`
    while all twins were never scored together.
    """

    at: datetime
    queues: Queues | None
    worker_at: datetime | None
    bulk_at: datetime | None
    sweep_at: datetime | None
    stale: StaleTwins
    size: Size
    population: PopulationRun | None

    @property
    def is_quiet(self) -> bool:
        """No worker has done anything for longer than it takes to sweep."""
        return self.worker_at is None or self.at - self.worker_at > patience()

    @property
    def is_bulk_quiet(self) -> bool:
        """The same of the worker of imports and exports, who has little to do by itself."""
        limit = max(patience(), BULK_PATIENCE)
        return self.bulk_at is None or self.at - self.bulk_at > limit

    @property
    def is_sweep_late(self) -> bool:
        return self.sweep_at is None or self.at - self.sweep_at > patience()


def patience() -> timedelta:
    """The sweep comes every few seconds; so long without a sign of life is no accident."""
    return timedelta(seconds=max(300, 4 * settings.SWEEP_SECONDS))


def operations(*, now: datetime) -> Operations:
    """A handful of statements and one round trip to the broker, whatever there is."""
    beats = dict(Heartbeat.objects.values_list("name", "at"))
    return Operations(
        at=now,
        queues=queues(),
        worker_at=beats.get(WORKER),
        bulk_at=beats.get(BULK),
        sweep_at=beats.get(SWEEP),
        stale=stale_twins(),
        size=_size(),
        population=last_run(),
    )


def queues() -> Queues | None:
    """None when the broker does not answer within a second."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        with client.pipeline(transaction=False) as asked:
            for name in QUEUES:
                asked.llen(name)
            asked.hlen(IN_HAND)
            *lengths, in_hand = asked.execute()
    except redis.RedisError:
        return None
    finally:
        client.close()
    return Queues(dict(zip(QUEUES, lengths, strict=True)), in_hand)


def stale_twins() -> StaleTwins:
    """Those that wait, and those that failed by the class of their error, most twins first."""
    found = StaleTwin.objects.aggregate(waiting=Count("pk"), oldest=Min("marked_at"))
    failures = (
        StaleTwin.objects.filter(attempts__gt=0)
        .values("last_error")
        .annotate(twins=Count("pk"), most_attempts=Max("attempts"), next_try=Min("retry_at"))
        .order_by("-twins", "last_error")
    )
    return StaleTwins(
        found["waiting"],
        found["oldest"],
        tuple(
            Failure(row["last_error"], row["twins"], row["most_attempts"], row["next_try"])
            for row in failures
        ),
    )


def _size() -> Size:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint, pg_database_size(current_database())"
            " FROM pg_class WHERE oid = %s::regclass",
            [Resource._meta.db_table],
        )
        resources, size = cursor.fetchone()
    twins = Patient.objects.count()
    is_estimate = resources >= COUNTED_UP_TO
    if not is_estimate:
        resources = Resource.objects.filter(deleted=False).count()
    return Size(twins, resources, is_estimate, size)
