"""The CapabilityStatement, made from the tables that the server runs on."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from patients.fhir.definitions import resource_types
from patients.fhir.json_codec import instant
from patients.fhir.search_parameters import COMMON, NOT_FOLLOWED, SearchParameter, search_parameters

Json = dict[str, Any]
FHIR_JSON = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"
INTERACTIONS = (
    *("read", "vread", "update", "patch", "delete", "history-instance", "create", "search-type"),
)
WRITES = ("create", "update", "patch", "delete")
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SMART = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
    "display": "SMART-on-FHIR",
}
DEFINITION = "http://hl7.org/fhir/OperationDefinition"
VALIDATE = {"name": "validate", "definition": f"{DEFINITION}/Resource-validate"}
# no published definition has this shape
IMPORT = {"name": "import", "definition": "urn:twinportal:OperationDefinition:import"}
EVERYTHING = {"name": "everything", "definition": f"{DEFINITION}/Patient-everything"}
BULK = "http://hl7.org/fhir/uv/bulkdata"
EXPORT = {"name": "export", "definition": f"{BULK}/OperationDefinition/export"}
OPERATIONS = {
    "Patient": [
        EVERYTHING,
        {"name": "export", "definition": f"{BULK}/OperationDefinition/patient-export"},
    ],
    "Group": [{"name": "export", "definition": f"{BULK}/OperationDefinition/group-export"}],
}


def capability_statement(
    *,
    base_url: str,
    software_version: str,
    date: datetime,
    read_only: Collection[str] = (),
    limits: str = "",
    oauth: Mapping[str, str],
) -> Json:
    """What this server does, and nothing that it does not. `read_only`: types only we write.

    `oauth`: addresses of the OAuth endpoints, by the names of the oauth-uris extension.
    """
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": instant(date),
        "kind": "instance",
        "instantiates": [f"{BULK}/CapabilityStatement/bulk-data"],
        "software": {"name": "Twinportal", "version": software_version},
        "implementation": {"description": "Twinportal FHIR door", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON],
        "patchFormat": [JSON_PATCH],
        "rest": [
            {
                "mode": "server",
                **({"documentation": limits} if limits else {}),
                "security": _security(oauth),
                "resource": [
                    _resource(name, name in read_only) for name in sorted(resource_types())
                ],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                "searchParam": [_parameter(parameter) for parameter in COMMON.values()],
                "operation": [EXPORT, IMPORT],
            }
        ],
    }


def _security(oauth: Mapping[str, str]) -> Json:
    """SMART Backend Services, and where a client gets its token."""
    return {
        "extension": [
            {
                "url": OAUTH_URIS,
                "extension": [{"url": name, "valueUri": uri} for name, uri in oauth.items()],
            }
        ],
        "cors": False,
        "service": [{"coding": [SMART], "text": "SMART Backend Services"}],
        "description": "OAuth 2.0 bearer token; without one every address but this one, "
        ".well-known/smart-configuration and openapi.json answers 401",
    }


def _resource(name: str, is_read_only: bool) -> Json:
    known = search_parameters(name).values()
    own = [_parameter(p) for p in known if p.name not in COMMON]
    followed = () if name in NOT_FOLLOWED else known
    includes = sorted(f"{name}:{p.name}" for p in followed if p.type == "reference")
    reverse = () if name in NOT_FOLLOWED else revincludes(name)
    return {
        "type": name,
        "interaction": [
            {"code": code} for code in INTERACTIONS if not (is_read_only and code in WRITES)
        ],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": not is_read_only,
        "conditionalCreate": not is_read_only,
        "conditionalRead": "not-match",
        "conditionalUpdate": not is_read_only,
        "conditionalDelete": "not-supported" if is_read_only else "single",
        "referencePolicy": ["literal", "logical", "local"],
        **({"searchInclude": includes} if includes else {}),
        **({"searchRevInclude": list(reverse)} if reverse else {}),
        **({"searchParam": own} if own else {}),
        "operation": [VALIDATE, *OPERATIONS.get(name, ())],
    }


@cache
def revincludes(name: str) -> tuple[str, ...]:
    """References of other types that may point at this one."""
    return tuple(
        f"{other}:{parameter.name}"
        for other in sorted(resource_types() - NOT_FOLLOWED)
        for parameter in search_parameters(other).values()
        if parameter.type == "reference" and parameter.may_point_at(name)
    )


def _parameter(parameter: SearchParameter) -> Json:
    return {
        "name": parameter.name,
        "definition": parameter.definition,
        "type": parameter.type,
    }
