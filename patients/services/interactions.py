"""The value objects of an ingest: what is asked for, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Json = dict[str, Any]
Method = Literal["POST", "PUT", "DELETE"]


@dataclass
class Interaction:
    """One write. `where` prefixes the expressions of its issues, e.g. "Bundle.entry[3].resource".

    `raw` is the JSON text as it came; `resource` the same, parsed. `fhir_id` is given for PUT and
    DELETE and made for POST.
    """

    method: Method
    type: str
    fhir_id: str = ""
    resource: Json | None = None
    raw: bytes = b""
    if_none_exist: str = ""
    if_match: str = ""
    full_url: str = ""
    where: str = ""

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.fhir_id}"

    def at(self, expression: str) -> str:
        """An expression inside this resource, seen from the request's root."""
        if not self.where:
            return expression
        _, _, inner = expression.partition(".")
        return f"{self.where}.{inner}" if inner else self.where


@dataclass(frozen=True)
class Result:
    """What became of one interaction. `content` is empty after a deletion."""

    status: int
    type: str
    fhir_id: str
    version: int
    last_updated: datetime
    content: str = ""

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'

    @property
    def location(self) -> str:
        return f"{self.type}/{self.fhir_id}/_history/{self.version}"


@dataclass(frozen=True)
class Sender:
    """Who writes: the OAuth application, or a file import. No PHI."""

    source: str
    request_id: str = ""
    default_care_team: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
