"""The CapabilityStatement, made from the tables that the server runs on."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from patients.fhir.definitions import resource_types
from patients.fhir.json_codec import instant
from patients.fhir.search_parameters import search_parameters

Json = dict[str, Any]
INTERACTIONS = ("create", "read", "vread", "update", "delete", "history-instance", "search-type")
WRITES = ("create", "update", "delete")


def capability_statement(
    *, base_url: str, software_version: str, date: datetime, read_only: Collection[str] = ()
) -> Json:
    """What this server does, and nothing that it does not. `read_only`: types only we write."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(date),
        "kind": "instance",
        "software": {"name": "Twinportal", "version": software_version},
        "implementation": {"description": "Twinportal FHIR door", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "cors": False,
                    "description": "OAuth 2.0 bearer token; without one every address but "
                    "this one answers 401",
                },
                "resource": [
                    _resource(name, name in read_only) for name in sorted(resource_types())
                ],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(name: str, is_read_only: bool) -> Json:
    codes = [code for code in INTERACTIONS if not (is_read_only and code in WRITES)]
    return {
        "type": name,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": not is_read_only,
        "conditionalCreate": "identifier" in search_parameters(name) and not is_read_only,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [
            {"name": p.name, "definition": p.definition, "type": p.type}
            for p in search_parameters(name).values()
        ],
    }
