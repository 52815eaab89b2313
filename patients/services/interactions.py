"""The value objects of an ingest: what is asked for, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from patients.fhir.outcome import Issue

Json = dict[str, Any]
Method = Literal["POST", "PUT", "DELETE"]


@dataclass
class Interaction:
    """One write. `where` prefixes the expressions of its issues, e.g. "Bundle.entry[3].resource".

    `raw` is the JSON text as it came; `resource` the same, parsed. `fhir_id` is given for PUT and
    DELETE and made for POST. `condition` is the query of a conditional update or delete, whose id
    is found later; `must_be_new` says that none was.
    """

    method: Method
    type: str
    fhir_id: str = ""
    resource: Json | None = None
    raw: bytes = b""
    if_none_exist: str = ""
    condition: str = ""
    if_match: str = ""
    if_none_match: str = ""
    must_be_new: bool = False
    full_url: str = ""
    where: str = ""

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.fhir_id}"

    def request(self, element: str) -> str:
        """The expression of an element of the entry's request; empty where it was a header."""
        return f"{self.where.removesuffix('.resource')}.request.{element}" if self.where else ""

    def at(self, expression: str) -> str:
        """An expression inside this resource, seen from the request's root."""
        if not self.where:
            return expression
        _, _, inner = expression.partition(".")
        return f"{self.where}.{inner}" if inner else self.where


@dataclass(frozen=True)
class Result:
    """What became of one interaction. `content` is empty after a deletion, and for what was
    there already unless it was asked for.

    `patient_id` is the key of the twin in whose compartment the resource is. `notes` are warnings
    about what was stored, if they were asked for.
    """

    status: int
    type: str
    fhir_id: str
    version: int
    last_updated: datetime
    content: str = ""
    patient_id: int | None = None
    notes: tuple[Issue, ...] = ()

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'

    @property
    def location(self) -> str:
        return f"{self.type}/{self.fhir_id}/_history/{self.version}"


def patients_of(results: Iterable[Result]) -> set[int]:
    """Keys of the twins that these results concern."""
    return {r.patient_id for r in results if r.patient_id is not None}


@dataclass(frozen=True)
class Sender:
    """Who writes: the OAuth application, or a file import. No PHI.

    `import_began`: what is stored was sent then. `base_url` is how the sender knows this server: references under it are references to us. With
    `match_directory` a practitioner or place that is created again is the one that is there.
    """

    source: str
    request_id: str = ""
    default_care_team: tuple[str, ...] = ()
    default_team_always: bool = False
    base_url: str = ""
    match_directory: bool = False
    origin: "Origin | None" = None
    import_began: datetime | None = None

    @property
    def sent_at(self) -> datetime | None:
        """When what is stored was sent; None: now."""
        if self.origin is not None and self.origin.is_replay:
            return self.origin.received_at
        return self.import_began


@dataclass(frozen=True)
class Origin:
    """Where what is stored comes from, if it did not come in as it is stored: an item of the
    quarantine, which keeps the text as it was sent.

    `rules`: keys of the correction rules that changed it. `is_replay`: it was received earlier,
    and must not replace what was sent since. `is_wanted`: a person wants its creates stored though
    something with their identifier was sent later.
    """

    public_id: UUID
    received_at: datetime
    rules: tuple[int, ...] = ()
    is_replay: bool = False
    is_wanted: bool = False
