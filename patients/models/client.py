import re

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

OFF = "off"
RATE = re.compile(r"off|[1-9][0-9]{0,8}/(s|min|h|d)")


class ClientProfile(models.Model):
    """What we know of an EHR client beyond its OAuth application."""

    application = models.OneToOneField(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.CASCADE, related_name="profile"
    )
    default_care_team = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="Practitioner ids that see this client's patients when no resource names a team.",
    )
    default_team_always = models.BooleanField(
        default=False,
        help_text="The default team sees this client's new patients whoever else is named.",
    )
    match_directory = models.BooleanField(
        default=False,
        help_text="A Practitioner, Organization, Location or PractitionerRole that it creates again"
        " with an identifier that is here already is the one that is here.",
    )
    tolerant = models.BooleanField(
        default=False,
        help_text="A faulty resource of this client is kept apart and answered 202, instead of being"
        " refused: nothing uses it until a data steward has seen to it.",
    )
    rate = models.CharField(
        max_length=16,
        blank=True,
        default="",
        validators=[RegexValidator(rf"^({RATE.pattern})\Z", "As 20000/min, 500/s or off")],
        help_text="How many requests it may make, as 60000/min, or off for any number; empty: as"
        " many as every client.",
    )
    jwks = models.JSONField(
        "JWKS",
        null=True,
        blank=True,
        help_text="The client's public keys, as a JSON Web Key Set: RSA of 2048 bits or more, or"
        " EC P-384, each with a kid. Either this or a JWKS address.",
    )
    jwks_uri = models.CharField(
        "JWKS address",
        max_length=500,
        blank=True,
        help_text="Where the client publishes its public keys: https.",
    )
    allowed_scopes = models.TextField(
        blank=True,
        help_text="What it may ask for at the token endpoint, separated by spaces:"
        " system/*.cruds, or system/Observation.cu system/Patient.rs.",
    )
    token_seconds = models.PositiveIntegerField(
        default=300,
        blank=True,
        help_text="How long its access tokens live; 300 at most, except in the demo.",
    )
    is_active = models.BooleanField(
        default=True,
        help_text="Untick to revoke the client: it gets no token, and those it has end at once.",
    )

    def __str__(self) -> str:
        return str(self.application_id)
