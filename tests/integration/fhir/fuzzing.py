"""Requests made at random from the OpenAPI document, and what every answer to them must be."""

from collections.abc import Callable
from functools import cache
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from patients.fhir.search_parameters import RESULT_PARAMETERS, search_parameters
from tests.factories import fhir
from tests.integration.fhir.smallest import smallest
from twinportal.wsgi import application

Json = dict[str, Any]
Draw = Callable[[Any], Any]
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
MINIMAL = "return=minimal"
IDS = st.sampled_from(["x1", "x1", "p1", "absent"])
TYPES = ["Patient", "Observation", "MedicationRequest", "AuditEvent"]
VERSIONS = st.sampled_from(['W/"1"', '"1"', 'W/"2", W/"3"', "*", 'W/"x"', '""', "1"])
# what searches are asked with, besides what is made from the forms
VALUES: dict[str, list[str]] = {
    "token": ["x", "http://x|a", "|a", "a|", "a,b", "\\|", "a\\,b|c", "\\", "|", ",", "a|b|c", ""],
    "reference": ["Patient/p1", "p1", "http://localhost/fhir/Patient/p1", "Nothing/1", "a b", "|"],
    "date": ["2024", "ge2024-02", "lt2024-02-30", "2024-01-01T10:00", "0001", "gt9999-12-31"],
    "string": ["smi", "É", "%", "_", "\\", "a,b", "\\,", " ", "\x00", "\ufdfa" * 90],
    "quantity": ["5", "5.40||mg", "1e99", "-1E-99", "ge5|http://unitsofmeasure.org|mg", "1|x"],
    "uri": ["http://x", "urn:oid:1.2", "\\", ",", "\x00"],
}
RESULTS: dict[str, list[str]] = {
    "_count": ["0", "1", "1000", "99999999999999999999", "-1", "01", "١"],
    "_sort": ["_id", "-_lastUpdated", "date,-_id", "-date", "--_id", "_id,_id", "-"],
    "_total": ["none", "accurate", "estimate", "x"],
    "_summary": ["count", "false", "true", ""],
    "_elements": ["id", "status,code", "value", "meta", "Observation.code", "name.family", ","],
    "_include": ["Observation:subject", "Observation:subject:Patient", "Observation:x", "*", ":"],
    "_revinclude": ["Observation:subject", "Provenance:target", "*", "Patient:link", "::"],
    "_cursor": ["WzFd", "WyJhIiwxXQ", "W10", "e30", "bnVsbA", "WzFlOTld", "W3RydWVd", "=", "é"],
}
MODIFIERS = ["exact", "contains", "missing", "not", "Patient", "Group", "identifier", ""]
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.ignored_auth,
]


@cache
def document() -> Any:
    """The document as the server gives it, to be sent through its WSGI application."""
    load_all_checks()
    found = schemathesis.openapi.from_wsgi(
        "/fhir/openapi.json", application, headers={"Accept-Encoding": "identity"}
    )
    found.config.generation.with_security_parameters = False
    refusal = found.config.checks.negative_data_rejection
    refusal.expected_statuses = [*refusal.expected_statuses, "410", "412", "413"]
    return found


def operations(tag: str) -> list[APIOperation]:
    return [found.ok() for found in document().include(tag=tag).get_all_operations()]


def fuzz(operation: APIOperation, mode: GenerationMode, headers: Json, examples: int) -> None:
    """Send `examples` requests of one kind; the first wrong answer fails."""
    hypothesis.seed(1)(_sending(operation, mode, headers, examples))()


def _sending(
    operation: APIOperation, mode: GenerationMode, headers: Json, examples: int
) -> Callable[[], None]:
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation, mode))
    def send(case: Case) -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=_checks(case, mode), headers=headers)
        if 400 <= answer.status_code < 500:
            assert answer.json()["resourceType"] == "OperationOutcome"

    return send


def _checks(case: Case, mode: GenerationMode) -> list[Any]:
    """All but a few where OpenAPI has no words for what is right."""
    chosen = [*CHECKS]
    if MINIMAL in str((case.headers or {}).get("Prefer", "")):  # then there is no body
        chosen.remove(checks.content_type_conformance)
        chosen.remove(checks.response_schema_conformance)
    if mode is NEGATIVE and not case.operation.path.endswith("$validate"):  # which says so by 200
        chosen.append(checks.negative_data_rejection)
    return chosen


def _cases(operation: APIOperation, mode: GenerationMode) -> Any:
    """Cases from the forms alone; of the valid ones, every second is about what is there."""
    made = operation.as_strategy(generation_mode=mode)
    return st.one_of(made, _at_home(made)) if mode is POSITIVE else made


@st.composite
def _at_home(draw: Draw, made: Any) -> Case:
    """The same case with ids that are known, resources that are valid, values that are apt."""
    case: Case = draw(made)
    tag = (case.operation.tags or ["system"])[0]
    name = draw(st.sampled_from(TYPES)) if tag == "system" else tag
    if "id" in case.path_parameters:
        case.path_parameters["id"] = draw(IDS)
    if "type" in case.path_parameters:
        case.path_parameters["type"] = name
    if "version" in case.path_parameters:
        case.path_parameters["version"] = draw(st.sampled_from(["1", "2", "9" * 30]))
    for header in {"If-Match", "If-None-Match", "If-None-Exist"} & set(case.headers or {}):
        condition = draw(_query(name)) if header == "If-None-Exist" else {}
        pairs = "&".join(f"{key}={value}" for key, value in condition.items())
        text = pairs or draw(VERSIONS)
        case.headers[header] = text if text.isascii() and text.isprintable() else "x"
    if "search" in case.operation.definition.raw["operationId"] or "condition" in case.query:
        case.query = draw(_query(name))
    if case.operation.path.endswith("_search"):
        case.body = draw(_query(name))
    elif case.operation.body:
        case.body = draw(_body(case, name))
    return case


@st.composite
def _query(draw: Draw, name: str) -> Json:
    """Parameters of a search, some with modifiers, some chained, some that nobody knows."""
    known = search_parameters(name)
    names = st.sampled_from([*known, *RESULT_PARAMETERS])
    found: Json = {}
    for chosen in draw(st.lists(names, min_size=1, max_size=3)):
        if chosen in RESULTS:
            found[chosen] = draw(st.sampled_from(RESULTS[chosen]))
            continue
        values = VALUES[known[chosen].type]
        value = draw(st.one_of(st.sampled_from(values), st.text(max_size=20)))
        found[draw(_written(name, chosen))] = draw(st.sampled_from([value, [value, value]]))
    return found


@st.composite
def _written(draw: Draw, name: str, chosen: str) -> str:
    form = draw(
        st.sampled_from(["{}", "{}", "{}", "{}:{}", "{}.{}", "_has:Observation:subject:{}"])
    )
    if form == "{}.{}":
        return f"{chosen}.{draw(st.sampled_from(sorted(search_parameters('Patient'))))}"
    return str(form.format(chosen, draw(st.sampled_from(MODIFIERS))))


@st.composite
def _body(draw: Draw, case: Case, name: str) -> Any:
    if "patch" in case.operation.definition.raw["operationId"]:
        return draw(st.lists(_change(), max_size=3))
    if case.operation.path == "/":
        return draw(_bundle())
    return draw(_resource(name, case.path_parameters.get("id", "x1")))


@st.composite
def _resource(draw: Draw, name: str, fhir_id: str) -> Json:
    """The smallest of its type, or a patient's, often with one element that may be odd."""
    content = smallest(name, fhir_id)
    members = st.sampled_from([*content, "meta", "extension", "language", "text", "contained"])
    if draw(st.booleans()):
        content[draw(members)] = draw(_anything())
    return content


def _anything() -> Any:
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=9),
    )
    names = st.sampled_from(["id", "url", "reference", "system", "tag", "versionId", "x", ""])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(names, inner)),
        max_leaves=5,
    )


@st.composite
def _change(draw: Draw) -> Json:
    paths = [
        "/language",
        "/meta/tag/-",
        "/extension",
        "/identifier/0",
        "",
        "/id",
        "/a~1b",
        "/-",
        "x",
    ]
    found = {
        "op": draw(st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])),
        "path": draw(st.sampled_from(paths)),
        "from": draw(st.sampled_from(paths)),
        "value": draw(_anything()),
    }
    return {key: found[key] for key in found if key == "op" or draw(st.integers(0, 5))}


@st.composite
def _bundle(draw: Draw) -> Json:
    kind = draw(st.sampled_from(["batch", "transaction"]))
    return {"resourceType": "Bundle", "type": kind, "entry": draw(st.lists(_entry(), max_size=4))}


@st.composite
def _entry(draw: Draw) -> Json:
    name, fhir_id = draw(st.sampled_from(TYPES)), draw(IDS)
    query = "&".join(f"{key}={value}" for key, value in draw(_query(name)).items())
    method = draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]))
    urls = [f"{name}/{fhir_id}", name, f"{name}?{query}", f"{name}/{fhir_id}/_history/1", "", "/"]
    request = {"method": method, "url": draw(st.sampled_from(urls))}
    if draw(st.booleans()):
        header = draw(st.sampled_from(["ifMatch", "ifNoneMatch", "ifNoneExist"]))
        request[header] = query if header == "ifNoneExist" else draw(VERSIONS)
    found: Json = {"request": request}
    if method in ("POST", "PUT", "PATCH") or not draw(st.integers(0, 5)):
        found["resource"] = draw(_resource(name, fhir_id))
    if draw(st.booleans()):
        found["fullUrl"] = draw(st.sampled_from(["urn:uuid:1", f"http://x/{name}/{fhir_id}", "x"]))
    return found


def prepare(put: Callable[[Json], Any]) -> None:
    """What the cases that are at home find."""
    for resource in (fhir.patient("p1"), fhir.patient("x1")):
        assert put(resource).status_code == 201
    for name in ("Observation", "MedicationRequest"):
        assert put(smallest(name, "x1")).status_code == 201
