"""The views of bulk data."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from rest_framework.request import Request

from patients.api import bulk, bulk_exporting
from patients.api.views import FhirView


class BulkJobView(FhirView):
    """How a job goes; DELETE cancels it."""

    def get(self, request: Request, public_id: UUID) -> HttpResponse:
        return bulk.status(request, public_id)

    def delete(self, request: Request, public_id: UUID) -> HttpResponse:
        return bulk.cancel(request, public_id)


class ExportView(FhirView):
    """`$export` of the system, of all patients or of a Group's, by GET or POST."""

    level = "system"

    def get(self, request: Request, fhir_id: str = "") -> HttpResponse:
        return bulk_exporting.kick_off(request, self.level, fhir_id)

    def post(self, request: Request, fhir_id: str = "") -> HttpResponse:
        return bulk_exporting.kick_off(request, self.level, fhir_id)


@method_decorator(gzip_page, name="dispatch")
class BulkFileView(FhirView):
    """A file of a job, compressed for clients that take it so."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A file is NDJSON, whatever FHIR format the client says it takes."""
        super(FhirView, self).initial(request, *args, **kwargs)

    def get(self, request: Request, public_id: UUID, name: str) -> HttpResponseBase:
        return bulk.download(request, public_id, name)
