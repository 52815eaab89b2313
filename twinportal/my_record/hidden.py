"""Whoever chose not to see estimates sees none, on no page, and the way back on every one."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from twinportal.dashboards.portal.reader import PredictionsHidden, own_record, reader_context


class HiddenPredictionsMiddleware:
    """Answers `PredictionsHidden`, whichever view met it; of a part of a page, the page anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, PredictionsHidden):
            return None
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Refresh": "true"})
        context = reader_context(request, own_record(request))
        return render(request, "my_record/hidden.html", context)
