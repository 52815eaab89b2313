"""Whether a worklist that somebody reads has become older than the data. Says how many, never who.

The page carries a mark: when it was made, and which moments of change it knew of shortly before.
A change that is committed late, with an earlier moment, is found by that: one transaction has one
moment.
"""

from datetime import UTC, datetime, timedelta

from twinportal.attention.models import WorklistEntry
from twinportal.attention.selectors import Panel

# longer than any transaction of a refresh lasts
LATE = timedelta(minutes=3)
# what is not carried counts as news once more: harmless, and the address stays short
MOST_KNOWN = 20
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def mark(*, now: datetime) -> str:
    """What the page that is made now knows. Digits and dots; it says of nobody in particular."""
    rows = WorklistEntry.objects.filter(changed_at__gt=now - LATE)
    known = rows.order_by("-changed_at").values_list("changed_at", flat=True).distinct()
    return ".".join(str((at - EPOCH) // MICROSECOND) for at in [now, *known[:MOST_KNOWN]] if at)


def changed_since(panel: Panel, given: str) -> int:
    """How many patients of the panel have changed since. Raises ValueError on no mark of ours."""
    made, *known = (EPOCH + int(part) * MICROSECOND for part in given.split("."))
    rows = WorklistEntry.objects.filter(changed_at__gt=made - LATE).exclude(changed_at__in=known)
    # mostly nothing has happened to anybody: the panel need not be looked up
    if not rows.exists():
        return 0
    return rows.filter(patient__in=panel.order_by().values("pk")).count()
