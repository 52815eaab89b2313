"""The views of bulk data."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from patients.api import bulk
from patients.api.views import FhirView


class BulkJobView(FhirView):
    """How a job goes; DELETE cancels it."""

    def get(self, request: Request, public_id: UUID) -> HttpResponse:
        return bulk.status(request, public_id)

    def delete(self, request: Request, public_id: UUID) -> HttpResponse:
        return bulk.cancel(request, public_id)


class BulkFileView(FhirView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A file is NDJSON, whatever FHIR format the client says it takes."""
        super(FhirView, self).initial(request, *args, **kwargs)

    def get(self, request: Request, public_id: UUID, name: str) -> HttpResponseBase:
        return bulk.download(request, public_id, name)
