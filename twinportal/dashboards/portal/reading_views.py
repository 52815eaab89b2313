"""Three questions that may suggest a level of words. They never lock one; no answer is kept."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from explain.wording.reading_level import NAMES, questions, score, suggested
from patients import audit
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.reader import own_record, reader_context


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("patient")
def reading(request: HttpRequest) -> HttpResponse:
    """The questions, and after them what they suggest.

    That something was suggested is in the audit log; neither the answers nor what was suggested are
    kept anywhere, since both tell how well somebody reads.
    """
    patient = own_record(request)
    context = reader_context(request, patient) | {"questions": questions()}
    if request.method == "POST":
        try:
            found = score({name: _points(request.POST.get(name, "")) for name in NAMES})
        except ValueError:
            return HttpResponseBadRequest("Unknown answer")
        level = suggested(found, settings.BHLS_CUTOFF)
        names = dict(context["levels"])
        context |= {
            "is_answered": True,
            "suggested": level,
            "suggested_name": names.get(level, "") if level else "",
        }
        if level:
            audit.record_action(request, patient, action="suggest", what="own level of words")
    else:
        audit.record_read(request, patient, what="questions on reading")
    return render(request, "portal/reading.html", context)


def _points(text: str) -> int | None:
    """Raises ValueError for what is no number."""
    return int(text) if text else None
