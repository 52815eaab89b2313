"""Files for the patient: the whole record, and the estimates explained. No name in a file's name."""

from typing import cast

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from patients import audit
from patients.api.security import server_url
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.reader import level_of, own_patient, own_record, reader_context
from twinportal.my_record.downloads import explanation, may_download, record_bundle


@require_POST
@role_required("patient")
def data(request: HttpRequest) -> HttpResponse:
    """All my data as FHIR. By POST: no link and no prefetching makes a file of a record."""
    patient = own_record(request)
    now = timezone.now()
    if not may_download(patient, now=now):
        messages.warning(request, _("You have made many files. Please try again in an hour."))
        return redirect("my-download")
    audit.record_action(request, patient, action="download", what="own data")
    pieces = record_bundle(patient, f"{server_url(request)}/fhir", now=now)
    answer = StreamingHttpResponse(pieces, content_type="application/fhir+json")
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return cast(HttpResponse, answer)


@require_safe
@role_required("patient")
def download(request: HttpRequest) -> HttpResponse:
    """Which files there are."""
    patient = own_record(request)
    audit.record_read(request, patient, what="own record")
    return render(request, "my_record/download.html", reader_context(request, patient))


@require_safe
@role_required("patient")
def explained(request: HttpRequest, form: str) -> HttpResponse:
    """My estimates with everything behind them, to read or for another program."""
    patient = own_patient(request)
    audit.record_read(request, patient, what="own explanation")
    found = explanation(patient, level_of(request), now=timezone.now())
    if form == "json":
        answer: HttpResponse = JsonResponse(found, json_dumps_params={"ensure_ascii": False})
    else:
        context = reader_context(request, patient) | found
        answer = render(request, "my_record/explanation.html", context)
    answer["Content-Disposition"] = f'attachment; filename="my-estimates.{form}"'
    return answer
