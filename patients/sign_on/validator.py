"""Plugs signed assertions and SMART scopes into the OAuth library."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from oauth2_provider.models import Application
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors

from patients.access.scopes import covers, scope_fault
from patients.sign_on import assertions

# where the view leaves a SignOn for the validator; no client can name such a header
SIGN_ON = "twinportal.sign_on"


@dataclass
class SignOn:
    """One request to an OAuth endpoint: whom assertions must address, and who it turned out to be."""

    token_url: str
    client: Application | None = None


def client_of(sign_on: SignOn, assertion_type: str, assertion: str) -> Application:
    """The client that proves itself by an assertion; raises oauthlib's InvalidClientError."""
    if not assertion_type and not assertion:
        raise errors.InvalidClientError("There is no client_assertion")
    if assertion_type != assertions.ASSERTION_TYPE:
        raise errors.InvalidClientError(
            f"client_assertion_type must be {assertions.ASSERTION_TYPE}"
        )
    try:
        sign_on.client = assertions.authenticate(assertion, token_url=sign_on.token_url)
    except assertions.Refused as error:
        raise errors.InvalidClientError(_plain(str(error))) from error
    return sign_on.client


def _plain(words: str) -> str:
    """What an error_description and a header may hold (RFC 6749)."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in words)


class BackendServicesValidator(OAuth2Validator):
    """Clients sign; there are no passwords, and scopes are compared by what they mean."""

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        sign_on: SignOn | None = request.headers.get(SIGN_ON)
        if sign_on is None:
            return False
        request.client = client_of(
            sign_on,
            getattr(request, "client_assertion_type", None) or "",
            getattr(request, "client_assertion", None) or "",
        )
        if request.client_id and request.client_id != request.client.client_id:
            raise errors.InvalidClientError("client_id is not the client that signed")
        request.client_id = request.client.client_id
        return True

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        return True

    def authenticate_client_id(self, *args: Any, **kwargs: Any) -> bool:
        return False

    def get_default_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        """None: a client says what it is going to do."""
        return []

    def validate_scopes(
        self,
        client_id: str,
        scopes: Sequence[str],
        client: Application,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        if not any(scopes):
            raise errors.InvalidScopeError("Name the scope that is needed")
        if faults := [fault for scope in scopes if (fault := scope_fault(scope))]:
            raise errors.InvalidScopeError(_plain(faults[0])[:300])
        allowed = client.profile.allowed_scopes.split()
        if beyond := [scope for scope in scopes if not covers(allowed, scope)]:
            raise errors.InvalidScopeError(f"This client may not have {' '.join(beyond)[:300]}")
        request.scopes = list(dict.fromkeys(scopes))
        return True

    def save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> Any:
        """The answer is written after this: how long a token lives is the client's profile's."""
        seconds = min(request.client.profile.token_seconds, settings.MOST_TOKEN_SECONDS)
        token["expires_in"] = seconds
        return super().save_bearer_token(token, request, *args, **kwargs)
