"""The worklist: who needs me, why, and how old the data are."""

from datetime import date, datetime

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Exists, F, OrderBy, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients import audit
from patients.access.policy import visible_patients
from patients.models import Patient
from twinportal.attention.flags import RETURN_STEP
from twinportal.attention.models import Acknowledgement
from twinportal.attention.rules import RULES
from twinportal.attention.saved_views import MOST, views_of
from twinportal.attention.selectors import Panel
from twinportal.dashboards.access import role_required
from twinportal.dashboards.clinician import worklist_news
from twinportal.dashboards.clinician.worklist import SORTS, columns, rows_of
from twinportal.dashboards.clinician.worklist_filters import Filters

PAGE_SIZE = 25
SEARCH_LIMIT = 100
LONGEST_MARK = 600


@role_required("clinician")
def worklist(request: HttpRequest) -> HttpResponse:
    """Own patients, filtered and ordered as the address says; a bare address opens the default."""
    views = list(views_of(request.user))
    default = next((view for view in views if view.is_default), None)
    if default is not None and not request.GET:
        return redirect(f"{reverse('worklist')}?{default.query}")
    now = timezone.now()
    filters = Filters(request.GET)
    shown, quiet = filters.panel(request.user, now=now)
    page = Paginator(_keys(shown, filters.sort), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = rows_of(_in_order(list(page.object_list)), user=request.user, now=now)
    audit.record_list(request, [row.patient_pk for row in rows], what="worklist")
    context = {
        "rows": rows,
        "page": page,
        "quiet": quiet,
        "filters": filters,
        "query": filters.query(),
        "columns": columns(filters.sort, lambda sort: filters.query(sort=sort)),
        "views": views,
        "current_view": next((v for v in views if v.query == filters.query()), None),
        "most_views": MOST,
        "mark": worklist_news.mark(now=now),
        "news_seconds": settings.WORKLIST_NEWS_SECONDS,
        "searched": False,
        **_acknowledging(),
    }
    return render(request, "clinician/worklist.html", context)


@role_required("clinician")
def news(request: HttpRequest) -> HttpResponse:
    """How many patients of these filters have new results since the page was made; 304 if none more."""
    filters = Filters(request.GET)
    shown, _ = filters.panel(request.user, now=timezone.now())
    given = request.GET.get("mark", "")
    try:
        count = worklist_news.changed_since(shown, given[:LONGEST_MARK])
    except (ValueError, OverflowError):
        return HttpResponse(status=400)
    tag = f'"{count}"'
    if request.headers.get("If-None-Match", '"0"') == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    context = {"count": count, "query": filters.query()}
    answer = render(request, "clinician/worklist_news.html", context)
    answer["ETag"] = tag
    return answer


@require_POST
@role_required("clinician")
def search(request: HttpRequest) -> HttpResponse:
    """Own patients by name, identifier or birth date. By POST: names stay out of URLs and logs."""
    text = request.POST.get("q", "").replace("\0", "").strip()
    patients = visible_patients(request.user)
    for word in text.lower().split():
        if word.count("-") == 2 and word.replace("-", "").isdigit() and len(word) == 10:
            patients = patients.filter(birth_date=word) if _is_date(word) else patients.none()
        else:
            # who was merged is found under the old name too
            merged = Patient.objects.filter(merged_into=OuterRef("pk"), search_text__contains=word)
            patients = patients.filter(Q(search_text__contains=word) | Exists(merged))
    found = list(_keys(patients, "attention")[:SEARCH_LIMIT]) if text else []
    rows = rows_of(_in_order(found), user=request.user, now=timezone.now())
    audit.record_list(request, [row.patient_pk for row in rows], what="worklist search")
    context = {
        "rows": rows,
        "columns": columns("attention"),
        "query": Filters(QueryDict()).query(),
        "searched": True,
        "text": text,
        "limit": SEARCH_LIMIT,
        **_acknowledging(),
    }
    return render(request, "clinician/worklist.html", context)


@role_required("clinician")
def rules(request: HttpRequest) -> HttpResponse:
    """The attention rules, as they run."""
    context = {"rules": RULES, "return_step": f"{100 * RETURN_STEP:g}"}
    return render(request, "clinician/rules.html", context)


def _acknowledging() -> dict[str, object]:
    return {"ack_reasons": Acknowledgement.Reason.choices}


def _is_date(word: str) -> bool:
    try:
        date.fromisoformat(word)
    except ValueError:
        return False
    return True


def _keys(patients: Panel, sort: str) -> "QuerySet[Patient, int]":
    """Keys in order; ties are broken by the key, so that two calls agree."""
    descending = sort.startswith("-")
    terms = [
        OrderBy(F(name), descending=flips != descending, nulls_last=True)
        for name, flips in SORTS[sort.lstrip("-")]
    ]
    return patients.order_by(*terms, "pk").values_list("pk", flat=True)


def _in_order(keys: list[int]) -> list[Patient]:
    """The rows of one page: all that a row shows is joined to these few."""
    found = Patient.objects.select_related("attention__prediction", "stale").in_bulk(keys)
    return [found[key] for key in keys if key in found]


def one_row(patient: Patient, request: HttpRequest, now: datetime) -> object:
    """The row of one patient, for an answer that replaces it."""
    return rows_of(_in_order([patient.pk]), user=request.user, now=now)[0]
