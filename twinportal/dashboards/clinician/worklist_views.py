"""The worklist: who needs me, why, and how old the data are."""

from collections.abc import Iterable
from datetime import date

from django.core.paginator import Paginator
from django.db.models import Exists, F, OrderBy, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients import audit
from patients.access.policy import visible_patients
from patients.models import Patient
from twinportal.attention.rules import RULES
from twinportal.dashboards.access import role_required
from twinportal.dashboards.clinician.worklist import SORTS, WorklistRow, columns

PAGE_SIZE = 25
SEARCH_LIMIT = 100


@role_required("clinician")
def worklist(request: HttpRequest) -> HttpResponse:
    """Own patients, by the attention rule or by the column asked for."""
    sort = request.GET.get("sort", "attention")
    sort = sort if sort.lstrip("-") in SORTS else "attention"
    patients = _ordered(_with_entries(visible_patients(request.user)), sort)
    page = Paginator(patients, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = _rows(page.object_list)
    audit.record_list(request, [row.patient_pk for row in rows], what="worklist")
    context = {
        "rows": rows,
        "page": page,
        "sort": sort,
        "columns": columns(sort),
        "searched": False,
    }
    return render(request, "clinician/worklist.html", context)


@require_POST
@role_required("clinician")
def search(request: HttpRequest) -> HttpResponse:
    """Own patients by name, identifier or birth date. By POST: names stay out of URLs and logs."""
    text = request.POST.get("q", "").replace("\0", "").strip()
    patients = _with_entries(visible_patients(request.user))
    for word in text.lower().split():
        if word.count("-") == 2 and word.replace("-", "").isdigit() and len(word) == 10:
            patients = patients.filter(birth_date=word) if _is_date(word) else patients.none()
        else:
            # who was merged is found under the old name too
            merged = Patient.objects.filter(merged_into=OuterRef("pk"), search_text__contains=word)
            patients = patients.filter(Q(search_text__contains=word) | Exists(merged))
    found = _ordered(patients, "attention")[:SEARCH_LIMIT] if text else patients.none()
    rows = _rows(found)
    audit.record_list(request, [row.patient_pk for row in rows], what="worklist search")
    context = {
        "rows": rows,
        "sort": "attention",
        "columns": columns("attention"),
        "searched": True,
        "text": text,
        "limit": SEARCH_LIMIT,
    }
    return render(request, "clinician/worklist.html", context)


@role_required("clinician")
def rules(request: HttpRequest) -> HttpResponse:
    """The attention rules, as they run."""
    return render(request, "clinician/rules.html", {"rules": RULES})


def _is_date(word: str) -> bool:
    try:
        date.fromisoformat(word)
    except ValueError:
        return False
    return True


def _with_entries(patients: "QuerySet[Patient]") -> "QuerySet[Patient]":
    return patients.select_related("attention__prediction", "stale")


def _ordered(patients: "QuerySet[Patient]", sort: str) -> "QuerySet[Patient]":
    """Ties are broken by the patient's key, so that two calls agree."""
    descending = sort.startswith("-")
    terms = [
        OrderBy(F(name), descending=flips != descending, nulls_last=True)
        for name, flips in SORTS[sort.lstrip("-")]
    ]
    return patients.order_by(*terms, "pk")


def _rows(patients: Iterable[Patient]) -> list[WorklistRow]:
    now = timezone.now()
    return [WorklistRow(patient, now) for patient in patients]
