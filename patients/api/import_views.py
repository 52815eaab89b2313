"""The view of `$import`."""

from django.http import HttpResponse
from rest_framework.request import Request

from patients.api import bulk_importing
from patients.api.views import FhirView


class ImportView(FhirView):
    """`POST $import`: much at once, in the background."""

    def post(self, request: Request) -> HttpResponse:
        return bulk_importing.begin(request)
