"""The fixed moments of the past for which every twin has predictions."""

from datetime import UTC, datetime

HALF_YEARS = 5


def anchors(now: datetime, count: int = HALF_YEARS) -> list[datetime]:
    """The last `count` half-year starts (1 January, 1 July; UTC) before `now`, oldest first.

    Fixed dates make a replay repeatable: refreshing a twin twice finds the same moments.
    """
    now = now.astimezone(UTC)
    year, month = now.year, 7 if now.month >= 7 else 1
    found = []
    for _ in range(count):
        found.append(datetime(year, month, 1, tzinfo=UTC))
        year, month = (year, 1) if month == 7 else (year - 1, 7)
    return [moment for moment in reversed(found) if moment < now]
