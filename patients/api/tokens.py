"""Who calls: the bearer token, its scopes and its client's profile, with one statement."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from oauth2_provider.models import AccessToken
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from patients.models import ClientProfile

TOKEN = f"""
    SELECT t.scope, t.application_id, t.user_id, p.default_care_team, p.default_team_always,
           p.match_directory, p.rate, p.tolerant
    FROM {AccessToken._meta.db_table} t
    LEFT JOIN {ClientProfile._meta.db_table} p ON p.application_id = t.application_id
    WHERE t.token_checksum = %s AND t.expires > now() AND p.is_active IS NOT FALSE
"""  # noqa: S608 names of our own tables


@dataclass(frozen=True)
class Bearer:
    """A valid access token. `user_id` is None for a system's own token."""

    scope: str
    application_id: int | None
    user_id: int | None
    default_care_team: tuple[str, ...] = ()
    default_team_always: bool = False
    match_directory: bool = False
    rate: str = ""
    tolerant: bool = False

    @cached_property
    def user(self) -> Any:
        """The person whom the token stands for, or None."""
        if self.user_id is None:
            return None
        return get_user_model().objects.filter(pk=self.user_id).first()


class BearerHeader(BaseAuthentication):
    """A token in the Authorization header, and nowhere else: addresses end up in logs.

    Found by its checksum, as the OAuth library stores it; so that a revoked one is gone at once.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        checksum = hashlib.sha256(token.strip().encode()).hexdigest()
        with connection.cursor() as cursor:
            cursor.execute(TOKEN, [checksum])
            row = cursor.fetchone()
        if row is None:
            raise AuthenticationFailed
        scope, application_id, user_id, team, always, match, rate, tolerant = row
        given = (tuple(team or ()), bool(always), bool(match), rate or "", bool(tolerant))
        return None, Bearer(scope, application_id, user_id, *given)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="fhir"'
