"""The OAuth endpoints: a token, what a token is, and its end. Systems with keys only."""

import hashlib
import json
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.models import AccessToken
from oauth2_provider.views import IntrospectTokenView, RevokeTokenView, TokenView
from oauthlib.oauth2.rfc6749 import errors

from patients import audit
from patients.api.security import server_url
from patients.fhir.audit_event import OAUTH
from patients.sign_on.token_address import token_address
from patients.sign_on.validator import SIGN_ON, SignOn, client_of

FORM = "application/x-www-form-urlencoded"
LARGEST = 64 * 1024


@method_decorator(csrf_exempt, name="dispatch")
class OAuthView(View):
    """A form by POST, each parameter once and none in the address; JSON back; all of it audited."""

    http_method_names = ["post"]
    action = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sign_on = SignOn(token_address(server_url(request)))
        request.META[SIGN_ON] = sign_on
        try:
            if request.method == "POST":
                check_form(request)
            answer: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]
        except errors.OAuth2Error as error:
            answer = HttpResponse(error.json, status=error.status_code, headers=error.headers)
        self.audit(request, sign_on, answer)
        answer["Content-Type"] = "application/json"
        answer["Cache-Control"] = "no-store"
        answer["Pragma"] = "no-cache"
        return answer

    def audit(self, request: HttpRequest, sign_on: SignOn, answer: HttpResponse) -> None:
        """Who asked and what came of it: never a token, an assertion, or words of the sender's."""
        is_known = sign_on.client is not None
        actor = str(sign_on.client.pk) if sign_on.client else request.META.get("REMOTE_ADDR", "")
        kind = "client" if is_known else "address"
        if answer.status_code == 200:
            audit.record(
                actor_kind=kind,
                actor=actor,
                action=self.action,
                what=OAUTH,
                request_id=getattr(request, "request_id", ""),
            )
        elif answer.status_code != 405:
            audit.record_refusal(
                request,
                answer.status_code,
                actor_kind=kind,
                actor=actor[:200],
                what=OAUTH,
                detail=_reason(answer),
            )


def _reason(answer: HttpResponse) -> str:
    """Why it was refused. Other words than those about the client may repeat what was sent."""
    content = json.loads(answer.content)
    name = str(content.get("error", ""))
    about = str(content.get("error_description", ""))
    return f"{name}: {about}" if name == "invalid_client" else name


def check_form(request: HttpRequest) -> None:
    """Raises oauthlib's InvalidRequestError unless the request is a form as OAuth has it."""
    if request.META.get("QUERY_STRING"):
        raise errors.InvalidRequestError("Parameters belong into the body, not into the address")
    if request.content_type != FORM:
        raise errors.InvalidRequestError(f"The body must be {FORM}")
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdigit() or int(length) > LARGEST:
        raise errors.InvalidRequestError(f"The body must have at most {LARGEST} bytes")
    try:
        pairs = list(request.POST.lists())
    except (BadRequest, SuspiciousOperation, UnicodeError) as error:
        raise errors.InvalidRequestError("The body cannot be read") from error
    if any("\0" in text for _, values in pairs for text in values):
        raise errors.InvalidRequestError("A parameter has a NUL character")
    if any(len(values) > 1 for _, values in pairs):
        raise errors.InvalidRequestError("A parameter must not be there twice")
    if "resource" in request.POST:
        raise errors.InvalidRequestError("The parameter resource is not supported")


class TokenEndpoint(OAuthView, TokenView):
    """An access token for a client that signs."""

    action = "issue"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # the library's own looks for devices first, which do not sign on here
        answer: HttpResponse = self.authorization_flow_token_response(request)
        return answer


class RevokeEndpoint(OAuthView, RevokeTokenView):
    """The end of a token. A client ends its own; others it is told nothing of."""

    action = "revoke"


class IntrospectEndpoint(OAuthView):
    """What a token is. A client hears of its own; of others as if they were not there."""

    action = "introspect"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = request.POST
        client = client_of(
            request.META[SIGN_ON],
            form.get("client_assertion_type", ""),
            form.get("client_assertion", ""),
        )
        token = form.get("token")
        if not token:
            raise errors.InvalidRequestError("There is no token")
        checksum = hashlib.sha256(token.encode()).hexdigest()
        if not AccessToken.objects.filter(token_checksum=checksum, application=client).exists():
            return JsonResponse({"active": False})
        answer: HttpResponse = IntrospectTokenView.get_token_response(token)
        return answer
