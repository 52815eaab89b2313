import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.fhir.bundle import (
    MOST_FAULTS,
    PROCESSING_ORDER,
    BundleError,
    ParsedBundle,
    parse_bundle,
)
from patients.fhir.json_codec import entry_slices
from tests.unit.patients.fhir import examples as ex
from tests.unit.patients.fhir.examples import Json, changed
from tests.unit.patients.fhir.mutations import broken


def entry(method: str = "POST", url: str = "Patient", **members: Any) -> Json:
    request = {"method": method, "url": url, **members.pop("request", {})}
    if method in ("POST", "PUT"):
        members.setdefault("resource", changed(ex.PATIENT, id="p1" if method == "PUT" else None))
    return {"request": request, **members}


def bundle(*entries: Any, kind: str = "transaction") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def read(content: Json, **options: Any) -> ParsedBundle:
    return parse_bundle(content, entry_slices(json.dumps(content).encode()), **options)


def faults(content: Json, **options: Any) -> dict[str, str]:
    with pytest.raises(BundleError) as caught:
        read(content, **options)
    assert caught.value.status == 400
    return {i.expression: i.diagnostics for i in caught.value.issues}


def test_a_transaction_is_read_apart():
    parsed = read(
        bundle(
            entry(
                "POST", "Patient", fullUrl="urn:uuid:1", request={"ifNoneExist": "?identifier=a|b"}
            ),
            entry("PUT", "/Patient/p1", request={"ifMatch": 'W/"2"'}),
            entry("DELETE", "Observation/o1"),
            entry("GET", "Observation?patient=p1&_count=3"),
            entry("GET", "Patient/p1/_history/4"),
        )
    )
    post, put, delete, search, vread = parsed.entries
    assert parsed.type == "transaction"
    assert (post.method, post.url_type, post.if_none_exist) == ("POST", "Patient", "identifier=a|b")
    assert (post.full_url, json.loads(post.raw)) == ("urn:uuid:1", post.resource)
    assert (put.url_type, put.url_id, put.if_match) == ("Patient", "p1", 'W/"2"')
    assert (delete.method, delete.url_id, delete.resource) == ("DELETE", "o1", None)
    assert (search.url_type, search.url_query) == ("Observation", "patient=p1&_count=3")
    assert (vread.url_id, vread.url_version) == ("p1", "4")
    assert [e.index for e in parsed.entries] == [0, 1, 2, 3, 4]


def test_deletes_come_first_and_reads_last():
    order = sorted(PROCESSING_ORDER, key=PROCESSING_ORDER.__getitem__)
    assert order == ["DELETE", "POST", "PUT", "PATCH", "GET", "HEAD"]


def test_an_empty_bundle_is_allowed():
    assert read({"resourceType": "Bundle", "type": "batch"}).entries == []


@pytest.mark.parametrize(
    "kind", ["searchset", "history", "collection", "document", "message", "batch-response", None, 5]
)
def test_other_bundles_are_refused(kind):
    (text,) = faults(bundle(kind=kind)).values()
    assert "send a batch or a transaction" in text


def test_an_import_takes_collections():
    parsed = read(
        bundle(
            {"fullUrl": "urn:uuid:1", "resource": ex.PATIENT},
            {"resource": changed(ex.OBSERVATION, id=None)},
            kind="collection",
        ),
        collections=True,
    )
    assert parsed.type == "collection"
    assert [(e.method, e.url_type, e.url_id) for e in parsed.entries] == [
        ("PUT", "Patient", "p1"),
        ("POST", "Observation", ""),
    ]
    assert read(bundle(entry()), collections=True).type == "transaction"


def test_an_import_names_entries_without_a_resource():
    found = faults(bundle({"fullUrl": "urn:uuid:1"}, kind="collection"), collections=True)
    assert "bdl-5" in found["Bundle.entry[0]"]


def test_no_bundle_is_refused():
    assert "a Bundle is expected" in faults(ex.PATIENT)["Bundle.resourceType"]


def test_too_many_entries():
    with pytest.raises(BundleError, match="413") as caught:
        read(bundle(*[entry()] * 3), max_entries=2)
    assert caught.value.too_large
    assert "at most 2" in caught.value.issues[0].diagnostics


@pytest.mark.parametrize(
    ("broken", "where", "says"),
    [
        (entry("PATCH", "Patient/1"), "resource", "PATCH needs a resource"),
        (entry("PATCH", "Patient/1", resource=ex.PATIENT), "resource", "a Binary"),
        (entry("PATCH", "Patient"), "request.url", "PATCH takes Type/id"),
        (entry("MOVE", "Patient/1"), "request.method", "is not one of DELETE"),
        ({"resource": ex.PATIENT}, "request", "bdl-3"),
        ({"request": {"method": "GET"}}, "request.url", "required"),
        ({"request": {"url": "Patient"}}, "request.method", "required"),
        ({"request": "GET Patient"}, "request", "an object is expected"),
        (entry("POST", "Pattient"), "request.url", "is not Type"),
        (entry("POST", "http://x.org/fhir/Patient"), "request.url", "is not Type"),
        (entry("POST", "Patient/1"), "request.url", "type alone"),
        (entry("POST", "Observation"), "request.url", "the resource is 'Patient'"),
        (entry("PUT", "Patient"), "request.url", "PUT takes Type/id"),
        (entry("PUT", "Patient/p1?identifier=1"), "request.url", "Type/id or Type?query"),
        (entry("PUT", "Patient/p1", request={"ifNoneMatch": 'W/"1"'}), "request.ifNoneMatch", "*"),
        (entry("PUT", "Patient/p1/_history/1"), "request.url", "no version"),
        (entry("PUT", "Patient/other"), "resource.id", "the address says 'other'"),
        (entry("DELETE", "Patient"), "request.url", "DELETE takes Type/id or Type?query"),
        (entry("DELETE", "Patient/1", resource=ex.PATIENT), "resource", "takes no resource"),
        ({"request": {"method": "POST", "url": "Patient"}}, "resource", "POST needs a resource"),
        (entry("POST", resource=None), "resource", "null is not allowed"),
        (entry("POST", resource=[1]), "resource", "a resource is expected"),
        (entry("PUT", "Patient/p1", request={"ifNoneExist": "a=b"}), "request.ifNoneExist", "POST"),
        (entry("POST", request={"ifMatch": 'W/"1"'}), "request.ifMatch", "PUT, PATCH and DELETE"),
        (
            entry("GET", "Patient/1", request={"ifModifiedSince": "2024-01-01T00:00:00Z"}),
            "request.ifModifiedSince",
            "not supported",
        ),
        (entry(fullUrl="http://x/Patient/1/_history/2"), "", "bdl-8"),
        (entry(search={"mode": "match"}), "search", "bdl-2"),
        (entry(requests=[]), "requests", "did you mean 'request'"),
    ],
)
def test_a_fault_of_an_entry_is_named(broken, where, says):
    place = f"Bundle.entry[1].{where}".rstrip(".")
    found = faults(bundle(entry("GET", "Patient/1"), broken))
    assert says in found[place]
    assert all(key.startswith("Bundle.entry[1]") for key in found)


def test_a_batch_keeps_the_faults_with_their_entries():
    parsed = read(bundle(entry(), entry("PATCH", "Patient/1"), {"fullUrl": "x"}, kind="batch"))
    assert [[i.expression for i in e.issues] for e in parsed.entries] == [
        [],
        ["Bundle.entry[1].resource"],
        ["Bundle.entry[2]", "Bundle.entry[2].request"],
    ]


def test_a_faulty_frame_refuses_a_batch_too():
    assert "Bundle.total" in faults({**bundle(kind="batch"), "total": "x"})
    assert "Bundle.entry[0]" in faults(bundle(None, kind="batch"))
    assert "Bundle.entry" in faults({**bundle(), "entry": {}})


def test_doubles_of_a_transaction_are_named():
    found = faults(
        bundle(
            entry(fullUrl="urn:uuid:1"),
            entry(fullUrl="urn:uuid:1"),
            entry("PUT", "Patient/p1"),
            entry("DELETE", "Patient/p1"),
        )
    )
    assert set(found) == {
        "Bundle.entry[0].fullUrl",
        "Bundle.entry[1].fullUrl",
        "Bundle.entry[2].request.url",
        "Bundle.entry[3].request.url",
    }


def test_a_urn_must_be_the_full_url_of_an_entry():
    observation = changed(ex.OBSERVATION, subject={"reference": "urn:uuid:9"})
    observation["encounter"] = {"reference": "Encounter/1"}
    post = entry("POST", "Observation", resource=observation)
    found = faults(bundle(post))
    assert found == {
        "Bundle.entry[0].resource.subject.reference": "'urn:uuid:9' is the fullUrl of no entry"
    }
    assert read(bundle(post, entry(fullUrl="urn:uuid:9")))


def test_a_text_that_looks_like_a_reference_is_none():
    patient = changed(ex.PATIENT, id=None)
    patient["name"][0]["text"] = '"reference":"urn:uuid:9"'
    assert read(bundle(entry(resource=patient)))


def test_faults_of_frame_and_resources_come_together():
    patient = changed(ex.PATIENT, gender="F", id=None)
    found = faults(bundle(entry(resource=patient), entry("PATCH", "Patient/1")))
    assert set(found) == {"Bundle.entry[0].resource.gender", "Bundle.entry[1].resource"}


def test_a_hopeless_bundle_is_told_so_in_short():
    with pytest.raises(BundleError) as caught:
        read(bundle(*[entry("DELETE", "Patient")] * (MOST_FAULTS + 5)))
    assert len(caught.value.issues) == MOST_FAULTS + 1
    assert caught.value.issues[-1].diagnostics.startswith(f"{MOST_FAULTS + 5} faults")


def test_reading_changes_nothing():
    content = bundle(entry(), entry("DELETE", "Patient/1"))
    before = copy.deepcopy(content)
    read(content)
    assert content == before


TRANSACTION = bundle(
    entry("POST", "Patient", fullUrl="urn:uuid:1"),
    entry("PUT", "Patient/p1", request={"ifMatch": 'W/"2"'}),
    entry("GET", "Patient/p1"),
)


@given(broken((TRANSACTION, {**TRANSACTION, "type": "batch"})), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_bundle_is_read_or_refused(content, collections):
    try:
        parsed = read(content, collections=collections)
    except BundleError as refusal:
        assert refusal.issues
        return
    for one in parsed.entries:
        complete = one.url_type and one.method in PROCESSING_ORDER
        assert one.issues or complete or parsed.type == "collection"
