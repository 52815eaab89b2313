"""Requests that nearly make sense: about what the server has, with something odd about them.

What is made from the forms of the OpenAPI document alone is refused at the first door.
"""

import json
from random import Random
from typing import Any
from urllib.parse import urlencode

from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation

from patients.fhir.search_parameters import RESULT_PARAMETERS, search_parameters
from tests.factories import fhir
from tests.integration.fhir.smallest import smallest

Json = dict[str, Any]
TYPES = ("Patient", "Observation", "MedicationRequest", "AuditEvent")
IDS = ("x1", "x1", "x1", "p1", "new", "absent")
VERSIONS = ('W/"1"', '"1"', 'W/"2", W/"3"', "*", 'W/"x"', '""', "1", 'W/"1')
VALUES: dict[str, tuple[str, ...]] = {
    "token": ("x", "http://x|a", "|a", "a|", "a,b", "\\|", "a\\,b|c", "\\", "|", ",", "a|b|c", ""),
    "reference": ("Patient/p1", "p1", "http://localhost/fhir/Patient/p1", "Nothing/1", "a b", "|"),
    "date": ("2024", "ge2024-02", "lt2024-02-30", "2024-01-01T10:00", "0001", "gt9999-12-31"),
    "string": ("smi", "É", "%", "_", "\\", "a,b", "\\,", " ", "\x00", "\ufdfa" * 90),
    "quantity": ("5", "5.40||mg", "1e99", "-1E-99", "ge5|http://unitsofmeasure.org|mg", "1|x"),
    "uri": ("http://x", "urn:oid:1.2", "\\", ",", "\x00", "x" * 3000),
}
RESULTS: dict[str, tuple[str, ...]] = {
    "_count": ("0", "1", "1000", "99999999999999999999", "-1", "01", "١"),
    "_sort": ("_id", "-_lastUpdated", "date,-_id", "-date", "--_id", "_id,_id", "-"),
    "_total": ("none", "accurate", "estimate", "x"),
    "_summary": ("count", "false", "true", ""),
    "_elements": ("id", "status,code", "value", "meta", "Observation.code", "name.family", ","),
    "_include": ("Observation:subject", "Observation:subject:Patient", "Observation:x", "*", ":"),
    "_revinclude": ("Observation:subject", "Provenance:target", "*", "Patient:link", "::"),
    "_cursor": ("WzFd", "WyJhIiwxXQ", "W10", "e30", "bnVsbA", "WzFlOTld", "W3RydWVd", "=", "é"),
}
MODIFIERS = ("exact", "contains", "missing", "not", "Patient", "Group", "identifier", "")
FORMS = ("{}", "{}", "{}", "{}", "{}:{}", "{}.{}", "_has:Observation:subject:{}")
LEAVES = (
    *(None, True, False, 0, -1, 1.5, 2**63, 10**40, 1e-300, "", " ", "x", "\x00", "\ud800", "é" * 300),
    *("Patient/p1", "urn:uuid:1", "#x", "2024-02-30", "2024-01-01T00:00:00Z", "0001", "http://x|y"),
)  # fmt: skip
MEMBERS = ("id", "url", "reference", "extension", "meta", "contained", "text", "value", "_id", "x")
PATHS = ("/language", "/meta/tag/-", "/extension", "/name/0/family", "", "/id", "/a~1b", "/-", "x")


def odd_case(operation: APIOperation, chance: Random) -> Case:
    """A case of this operation, another one for each state of `chance`."""
    what = str(operation.definition.raw["operationId"])
    tag = (operation.tags or ["system"])[0]
    name = chance.choice(TYPES) if tag == "system" else tag
    fhir_id = chance.choice(IDS)
    asked = operation.Case(
        path_parameters=_path(operation, name, fhir_id, chance),
        headers=_headers(operation, name, chance),
        query=_parameters(what, name, chance),
    )
    if operation.body:
        asked.body = _body(what, name, fhir_id, chance)
        asked.media_type = next(iter(operation.body)).media_type
    return asked


def prepared() -> list[Json]:
    """What the odd cases are about."""
    return [
        *fhir.complete_record("p1"),
        fhir.patient("x1"),
        fhir.quantity("x1", "2093-3", 200, "mg/dL"),
        smallest("MedicationRequest", "x1"),
    ]


def _path(operation: APIOperation, name: str, fhir_id: str, chance: Random) -> Json:
    known = {
        "id": fhir_id,
        "type": name,
        "version": chance.choice(["1", "2", "0", "9" * 30, "x"]),
        "job": chance.choice(["0" * 8 + "-0000" * 3 + "-" + "0" * 12, "x", "0" * 36]),
        "item": chance.choice(["0" * 8 + "-0000" * 3 + "-" + "0" * 12, "x", "0" * 36]),
        "file": chance.choice(["Patient.1.ndjson", "..", "%00", "x" * 300]),
    }
    return {key: value for key, value in known.items() if f"{{{key}}}" in operation.path}


def _headers(operation: APIOperation, name: str, chance: Random) -> Json:
    found = {}
    for parameter in operation.headers:
        if chance.random() < 0.7:
            continue
        found[parameter.name] = chance.choice(VERSIONS)
        if parameter.name == "If-None-Exist":
            found[parameter.name] = urlencode(_query(name, chance), doseq=True)
        if parameter.name == "Prefer":
            found["Prefer"] = chance.choice(["return=OperationOutcome", "return=representation"])
            if "export" in operation.path:
                found["Prefer"] = chance.choice(
                    ["respond-async", "respond-async, handling=lenient"]
                )
    return found


def _parameters(what: str, name: str, chance: Random) -> Json:
    if what.startswith("search") or "ByCondition" in what:
        return _query(name, chance)
    if what.startswith("export"):
        values = ("Patient", "X", "", ",", "2024", "Patient.name", "status", "ndjson", "Patient/p1")
        names = ("_type", "_since", "_elements", "_outputFormat", "patient", "_typeFilter", "x")
        return {chance.choice(names): chance.choice(values) for _ in range(chance.randrange(3))}
    if what.startswith(("history", "everything")):
        names = ("_count", "_since", "_before", "_type", "_cursor", "x")
        values = (*RESULTS["_count"], *VALUES["date"], *RESULTS["_cursor"], "Patient", "x,", "")
        return {chance.choice(names): chance.choice(values) for _ in range(chance.randrange(3))}
    return {}


def _query(name: str, chance: Random) -> Json:
    """Parameters of a search: some with modifiers, some chained, some given twice."""
    known = search_parameters(name)
    found: Json = {}
    for chosen in chance.choices([*known, *RESULT_PARAMETERS], k=chance.choice([1, 1, 2, 4])):
        if chosen in RESULTS:
            found[chosen] = chance.choice(RESULTS[chosen])
            continue
        value = chance.choice(VALUES[known[chosen].type])
        inner = chance.choice(MODIFIERS)
        form = chance.choice(FORMS)
        if form in ("{}.{}", FORMS[-1]):
            inner = chance.choice(sorted(search_parameters("Patient")))
        written = form.format(*((chosen, inner) if form != FORMS[-1] else (inner,)))
        found[written] = value if chance.random() < 0.8 else [value, value]
    return found


def _body(what: str, name: str, fhir_id: str, chance: Random) -> Any:
    if what.startswith("search"):
        return _query(name, chance)
    if what.startswith("patch"):
        return [_change(chance) for _ in range(chance.choice([0, 1, 1, 2]))]
    return _bundle(chance) if what == "transaction" else _resource(name, fhir_id, chance)


def _resource(name: str, fhir_id: str, chance: Random) -> Json:
    """One of the type; often something somewhere in it is odd."""
    same = [r for r in prepared() if r["resourceType"] == name] or [smallest(name, fhir_id)]
    content: Json = json.loads(json.dumps(chance.choice(same))) | {"id": fhir_id}
    for _ in range(chance.choice([0, 1, 1, 2])):
        _spoil(content, chance)
    return content


def _spoil(content: Json, chance: Random) -> None:
    """Change, add, repeat or take away something at any depth."""
    place: Any = chance.choice([node for node in _nodes(content) if node])
    key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
    match chance.randrange(4):
        case 0:
            place[key] = _anything(chance)
        case 1 if isinstance(place, dict):
            place[chance.choice([*MEMBERS, f"_{key}"])] = _anything(chance)
        case 2:
            del place[key]
        case _:
            place[key] = [place[key], place[key]]


def _nodes(found: Any) -> list[Any]:
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    own = [found] if isinstance(found, dict | list) else []
    return own + [node for each in inner for node in _nodes(each)]


def _anything(chance: Random, depth: int = 3) -> Any:
    match chance.randrange(4) if depth else 0:
        case 1:
            return [_anything(chance, depth - 1) for _ in range(chance.randrange(3))]
        case 2:
            names = chance.sample(MEMBERS, chance.randrange(3))
            return {name: _anything(chance, depth - 1) for name in names}
    return chance.choice(LEAVES)


def _change(chance: Random) -> Json:
    found = {
        "op": chance.choice(["add", "remove", "replace", "move", "copy", "test", "x"]),
        "path": chance.choice(PATHS),
        "from": chance.choice(PATHS),
        "value": _anything(chance),
    }
    return {key: value for key, value in found.items() if chance.random() < 0.95}


def _bundle(chance: Random) -> Json:
    kind = chance.choice(["batch", "batch", "transaction"])
    entries = [_entry(chance) for _ in range(chance.randrange(1, 5))]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def _entry(chance: Random) -> Json:
    name, fhir_id = chance.choice(TYPES), chance.choice(IDS)
    query = urlencode(_query(name, chance), doseq=True)
    method = chance.choice(["GET", "HEAD", "POST", "PUT", "PUT", "PUT", "PATCH", "DELETE"])
    urls = [f"{name}/{fhir_id}"] * 4 if method in ("PUT", "PATCH", "DELETE") else [name] * 4
    urls += [f"{name}?{query}", f"{name}/{fhir_id}/_history/1", "", "/"]
    request = {"method": method, "url": chance.choice(urls)}
    if chance.random() < 0.2:
        request[chance.choice(["ifMatch", "ifNoneMatch"])] = chance.choice(VERSIONS)
    if method == "POST" and chance.random() < 0.3:
        request["ifNoneExist"] = query
    found: Json = {"request": request}
    if method in ("POST", "PUT", "PATCH"):
        found["resource"] = _resource(name, fhir_id, chance)
    if chance.random() < 0.5:
        found["fullUrl"] = chance.choice(["urn:uuid:1", f"http://x/{name}/{fhir_id}", "x"])
    if chance.random() < 0.2:
        _spoil(found, chance)
    return found
