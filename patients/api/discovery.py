"""`.well-known/smart-configuration`: how a client signs in, and nothing that does not run."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from patients.api.security import server_url
from patients.sign_on.assertions import SIGNING_ALGORITHMS
from patients.sign_on.token_address import INTROSPECT, REVOKE, TOKEN

AUTH_METHOD = "private_key_jwt"
SCOPES = ("cruds", "rs", "cud", "read", "write", "*")


def oauth_addresses(base: str) -> dict[str, str]:
    """The OAuth endpoints by the names that FHIR's oauth-uris extension has for them."""
    paths = {"token": TOKEN, "introspect": INTROSPECT, "revoke": REVOKE}
    return {name: f"{base}/{path}" for name, path in paths.items()}


@require_safe
def smart_configuration(request: HttpRequest) -> JsonResponse:
    addresses = oauth_addresses(server_url(request))
    content: dict[str, object] = {
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": [f"system/*.{letters}" for letters in SCOPES],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }
    for name, path in (
        ("token", "token"),
        ("introspection", "introspect"),
        ("revocation", "revoke"),
    ):
        content[f"{name}_endpoint"] = addresses[path]
        content[f"{name}_endpoint_auth_methods_supported"] = [AUTH_METHOD]
        content[f"{name}_endpoint_auth_signing_alg_values_supported"] = list(SIGNING_ALGORITHMS)
    return JsonResponse(content)
