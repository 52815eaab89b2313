"""What has become of what was answered 202, for the client that sent it."""

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from patients.access.scopes import allows, scopes_of
from patients.api.responses import outcome_response
from patients.api.security import application_of, audit_client, is_personal
from patients.api.views import PlainView
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models import QuarantinedResource
from patients.selectors.quarantine_status import status_of, types_in
from patients.services.whom import patients_here

ANY = "crud"


class QuarantineView(PlainView):
    """`quarantine/[number]`: waiting and why, stored as what, superseded by what, discarded."""

    def get(self, request: Request, public_id: UUID) -> HttpResponse:
        row = _own_item(request, public_id)
        audit_client(
            request,
            "read",
            what="quarantine",
            patient_ids=patients_here(row.about),
            detail=f"quarantine {public_id}",
        )
        return outcome_response(200, status_of(row))


def _own_item(request: Request, public_id: UUID) -> QuarantinedResource:
    """FhirError 404 for everybody else's; 403 unless the token may read or write such a type."""
    application = application_of(request)
    mine = QuarantinedResource.objects.filter(public_id=public_id)
    row = None
    if application.isdecimal() and not is_personal(request):
        row = mine.filter(application=application).first()
    if row is None:
        words = "This client has nothing in quarantine under this number"
        raise FhirError(404, [Issue("error", "not-found", words)])
    scopes = scopes_of(request.auth)
    if not any(allows(scopes, kind, letter) for kind in types_in(row) for letter in ANY):
        words = f"The token's scopes allow nothing on {', '.join(types_in(row))}"
        raise FhirError(403, [Issue("error", "forbidden", words)])
    return row
