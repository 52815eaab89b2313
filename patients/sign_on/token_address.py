"""Where this server's token endpoint is, as clients know it."""

from typing import Any

TOKEN, INTROSPECT, REVOKE = "oauth/token", "oauth/introspect", "oauth/revoke"


def token_address(base: str) -> str:
    """The token endpoint of the server at `base`; the audience of every assertion."""
    return f"{base}/{TOKEN}"


def usual_base(settings: Any) -> str:
    """This server's address where no request tells it."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    host = next((h for h in settings.ALLOWED_HOSTS if h), "localhost")
    return f"https://{host}" if settings.IS_PRODUCTION else "http://127.0.0.1:8000"
