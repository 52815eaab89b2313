"""Register a client that signs in with a key of its own (SMART Backend Services)."""

from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from patients import audit
from patients.sign_on.clients import ClientFaults, register
from patients.sign_on.token_address import token_address, usual_base

LARGEST_FILE = 64 * 1024


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what people call the client")
        keys = parser.add_mutually_exclusive_group(required=True)
        keys.add_argument("--jwks", type=Path, metavar="FILE", help="its public keys, as a JWKS")
        keys.add_argument("--jwks-uri", default="", metavar="URL", help="where it publishes them")
        parser.add_argument(
            "--scope", required=True, help="what it may ask for, such as 'system/*.cruds'"
        )
        parser.add_argument(
            "--match-directory", action="store_true", help="see the integration doc"
        )
        parser.add_argument(
            "--tolerant",
            action="store_true",
            help="keep its faulty resources in quarantine instead of refusing them",
        )
        parser.add_argument(
            "--default-care-team", nargs="*", default=[], metavar="ID", help="practitioner ids"
        )
        parser.add_argument("--base-url", default="", help="this server's address, for the output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            profile = register(
                options["name"],
                jwks=_read(options["jwks"]) if options["jwks"] else None,
                jwks_uri=options["jwks_uri"],
                allowed_scopes=options["scope"],
                match_directory=options["match_directory"],
                tolerant=options["tolerant"],
                default_care_team=options["default_care_team"],
            )
        except ClientFaults as error:
            raise CommandError(str(error)) from error
        audit.record(
            actor_kind="system",
            actor="register_client",
            action="register",
            what="Client",
            detail=str(profile.application_id),
        )
        base = options["base_url"].rstrip("/") or usual_base(settings)
        self.stdout.write(f"client_id: {profile.application.client_id}")
        self.stdout.write(f"token URL: {token_address(base)}")


def _read(path: Path) -> Any:
    """The content of a JWKS file."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    if b"PRIVATE KEY" in text:
        raise CommandError(f"{path} is a private key: give the public keys, as a JWKS")
    try:
        return orjson.loads(text[: LARGEST_FILE + 1])
    except orjson.JSONDecodeError as error:
        raise CommandError(f"{path} is not JSON: give a JSON Web Key Set") from error
