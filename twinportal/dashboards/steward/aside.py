"""What came and is not in any twin, in numbers: kept apart, not read, still being imported."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from patients.models import BulkJob, Mapping, QuarantinedResource
from patients.selectors.mappings import newest_survey, unread_units


@dataclass(frozen=True)
class Aside:
    """`codes` and `coded_resources` are None while nobody has counted them."""

    quarantined: int
    codes: int | None
    coded_resources: int | None
    units: int
    unit_resources: int
    mappings_at_work: int
    jobs_open: int
    jobs_failed: int


def aside() -> Aside:
    """Six statements, however much there is."""
    survey = newest_survey()
    codes = survey.codes.aggregate(n=Count("pk"), resources=Sum("resources")) if survey else {}
    units = unread_units()
    jobs = BulkJob.objects.aggregate(
        open=Count("pk", filter=Q(state__in=(BulkJob.State.WAITING, BulkJob.State.RUNNING))),
        failed=Count("pk", filter=Q(state=BulkJob.State.FAILED)),
    )
    return Aside(
        quarantined=QuarantinedResource.objects.filter(
            state=QuarantinedResource.State.WAITING
        ).count(),
        codes=codes.get("n"),
        coded_resources=(codes.get("resources") or 0) if survey else None,
        units=len(units),
        unit_resources=sum(unit.resources for unit in units),
        mappings_at_work=Mapping.objects.filter(replayed_at=None).count(),
        jobs_open=jobs["open"],
        jobs_failed=jobs["failed"],
    )
