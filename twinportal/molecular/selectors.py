"""Reads for the molecular pages."""

from django.db.models import QuerySet

from patients.models import Patient
from twinportal.molecular.models import (
    CellFile,
    DrugTargetTable,
    ExpressionSet,
    InteractionNetwork,
    RankingRun,
)

# megabytes, and nothing that a list shows
NOT_LISTED = ("result", "table")


def has_network() -> bool:
    """Whether the site has brought in anything to rank with."""
    return InteractionNetwork.objects.filter(withdrawn_at=None).exists()


def networks(system: str = "") -> "QuerySet[InteractionNetwork]":
    """Those that are offered, of one system of gene identifiers or of all; the newest first."""
    rows = InteractionNetwork.objects.filter(withdrawn_at=None).defer("content")
    return (rows.filter(system=system) if system else rows).order_by("name", "-version")


def drug_tables(system: str = "") -> "QuerySet[DrugTargetTable]":
    """The same of drugs and their targets."""
    rows = DrugTargetTable.objects.filter(withdrawn_at=None).defer("content")
    return (rows.filter(system=system) if system else rows).order_by("name", "-version")


def sets_of(patient: Patient) -> "QuerySet[ExpressionSet]":
    return ExpressionSet.objects.about(patient.pk).select_related("added_by").defer("content")


def cell_files_of(patient: Patient) -> "QuerySet[CellFile]":
    """AnnData files that are not data sets yet."""
    rows = CellFile.objects.about(patient.pk).exclude(state=CellFile.State.DONE)
    return rows.select_related("added_by")


def runs_of(patient: Patient) -> "QuerySet[RankingRun]":
    """Every ranking of the twin, newest first."""
    sets = ExpressionSet.objects.about(patient.pk).values("pk")
    rows = RankingRun.objects.filter(expression__in=sets).defer(*NOT_LISTED)
    related = ("expression", "network", "drugs", "asked_by")
    heavy = [f"{name}__content" for name in related[:3]]
    return rows.select_related(*related).defer(*NOT_LISTED, *heavy).order_by("-asked_at", "-pk")
