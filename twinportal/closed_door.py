"""In production the server does not start with a door open that the demo may leave open.

The settings refuse what is missing; this refuses what is there and must not be. As a system check
for every command, and once more where the web server starts, which runs no system checks.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 32
LONGEST_TOKEN_SECONDS = 300


def open_doors(given: Any) -> list[str]:
    """What stands open by these settings, in words; nothing outside production."""
    return [*_in_production(given)] if given.IS_PRODUCTION else []


def _in_production(given: Any) -> Iterator[str]:
    if len(given.SECRET_KEY) < SHORTEST_KEY or given.SECRET_KEY.startswith("not-secret"):
        yield f"SECRET_KEY must be at least {SHORTEST_KEY} random characters"
    if given.DEBUG:
        yield "DEBUG shows settings and data to whoever causes an error"
    if not all(given.ALLOWED_HOSTS) or any("*" in host for host in given.ALLOWED_HOSTS):
        yield "ALLOWED_HOSTS must name the hosts: * lets a request say what our address is"
    if given.PUBLIC_URL and not given.PUBLIC_URL.startswith("https://"):
        yield "TWINPORTAL_PUBLIC_URL must be https"
    if not all(origin.startswith("https://") for origin in given.CSRF_TRUSTED_ORIGINS):
        yield "CSRF_TRUSTED_ORIGINS must be https"
    if not given.SECURE_SSL_REDIRECT:
        yield "SECURE_SSL_REDIRECT is off: passwords and tokens would travel in the clear"
    if not (given.SESSION_COOKIE_SECURE and given.CSRF_COOKIE_SECURE):
        yield "Cookies would travel in the clear"
    if given.MOST_TOKEN_SECONDS > LONGEST_TOKEN_SECONDS:
        yield f"Access tokens must end after {LONGEST_TOKEN_SECONDS} seconds"


@register
def closed_door(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Sequence[CheckMessage]:
    """The same as system check errors, which stop every command that runs checks."""
    return [
        Error(words, id=f"twinportal.E{number:03}")
        for number, words in enumerate(open_doors(settings), 1)
    ]


def refuse_to_stand_open() -> None:
    """Raises ImproperlyConfigured: the web server ends at once and says why."""
    if found := open_doors(settings):
        raise ImproperlyConfigured("; ".join(found))
