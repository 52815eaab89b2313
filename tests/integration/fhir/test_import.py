"""`import_fhir`: every kind of file goes in, and what does not is named by file and line."""

import bz2
import codecs
import gzip
import json
import lzma
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from patients.models import Fact, Patient, Resource
from patients.services.file_import import Task, import_file
from tests.factories import fhir
from tests.integration.fhir.calls import sent, sent_versions

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def import_fhir(*paths: Path, **options: Any) -> tuple[str, str]:
    """Output and faults."""
    out, err = StringIO(), StringIO()
    call_command("import_fhir", *map(str, paths), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def ids() -> set[str]:
    return set(sent().values_list("fhir_id", flat=True))


def wrong(fhir_id: str) -> Json:
    return fhir.quantity(fhir_id, "2093-3", 5, "mmol/L", status="finished")


@pytest.mark.parametrize(
    ("suffix", "packed"),
    [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
)
def test_compressed_or_not(tmp_path: Path, suffix: str, packed: Any) -> None:
    text = "\n".join(json.dumps(r) for r in fhir.complete_record())
    (tmp_path / f"rows.ndjson{suffix}").write_bytes(packed(text.encode()))
    out, _ = import_fhir(tmp_path)
    assert "7  in all" in out
    assert Fact.objects.count() == 7


def test_a_byte_order_mark_and_white_space_are_no_content(tmp_path: Path) -> None:
    text = json.dumps(fhir.patient())
    (tmp_path / "p.json").write_bytes(codecs.BOM_UTF8 + b"\n " + text.encode() + b"\n\n")
    import_fhir(tmp_path)
    content = sent_versions().get().content
    assert content[0] == "{" and content[-1] == "}"


def test_entries_of_a_bundle_are_named_by_their_line(tmp_path: Path) -> None:
    bundle = fhir.transaction([fhir.patient(), wrong("a"), wrong("b")])
    text = json.dumps(bundle, indent=1)
    path = tmp_path / "bundle.json"
    path.write_text(text)
    report = tmp_path / "report.txt"
    _, err = import_fhir(path, tolerant=True, report=report)
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines, 1) if line.strip() == '"resource": {']
    assert f"{path}:{starts[1]}: Bundle.entry[1].resource.status" in err
    assert f"{path}:{starts[2]}: Bundle.entry[2].resource.status" in err
    assert report.read_text() == err
    assert not Resource.objects.exists(), "a transaction goes in whole or not at all"


def test_entries_of_a_collection_stand_alone(tmp_path: Path) -> None:
    entries = [{"resource": r} for r in (fhir.patient(), wrong("a"), fhir.practitioner())]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (tmp_path / "all.json").write_text(json.dumps(bundle))
    with pytest.raises(CommandError, match="1 portion"):
        import_fhir(tmp_path)
    assert ids() == {"p1", "dr1"}


def test_a_collection_may_refer_by_urn(tmp_path: Path) -> None:
    bp = fhir.blood_pressure("bp", 140, 80)
    bp["subject"]["reference"] = "urn:uuid:1"
    entries = [{"resource": bp}, {"fullUrl": "urn:uuid:1", "resource": fhir.patient()}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (tmp_path / "all.json").write_text(json.dumps(bundle))
    import_fhir(tmp_path)
    assert Fact.objects.filter(patient__fhir_id="p1").count() == 2


def test_one_lost_reference_among_many_lines(tmp_path: Path) -> None:
    rows = [fhir.patient(), *(fhir.quantity(f"q{i}", "2093-3", 200, "mg/dL") for i in range(9))]
    rows.insert(5, fhir.quantity("lost", "2093-3", 200, "mg/dL", subject="nobody"))
    path = tmp_path / "rows.ndjson"
    path.write_text("\n".join(map(json.dumps, rows)))
    _, err = import_fhir(path, tolerant=True)
    assert err.strip().startswith(f"{path}:6: Observation.subject")
    assert ids() == {"p1", *(f"q{i}" for i in range(9))}


def test_the_same_id_twice_is_two_versions_in_order(tmp_path: Path) -> None:
    rows = [fhir.patient(family="First"), fhir.patient(family="Second")]
    (tmp_path / "rows.ndjson").write_text("\n".join(map(json.dumps, rows)))
    import_fhir(tmp_path)
    assert Patient.objects.get().family == "Second"
    assert sent_versions().count() == 2


def test_what_waits_for_what_waits(tmp_path: Path) -> None:
    """A bundle that needs the practitioner of a file that itself had to wait."""
    doctor = fhir.practitioner() | {"identifier": [{"system": "urn:npi", "value": "7"}]}
    role = {
        "resourceType": "PractitionerRole",
        "id": "role",
        "practitioner": {"reference": "Practitioner?identifier=urn:npi|7"},
        "identifier": [{"system": "urn:role", "value": "1"}],
    }
    person = fhir.patient()
    person["generalPractitioner"] = [{"reference": "PractitionerRole?identifier=urn:role|1"}]
    for name, resource in (("a", person), ("b", role), ("c", doctor)):
        (tmp_path / f"{name}.json").write_text(json.dumps(fhir.transaction([resource])))
    import_fhir(tmp_path)
    assert ids() == {"p1", "role", "dr1"}


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b"{}" * 999)[:-20])
    (tmp_path / "b.json.xz").write_bytes(b"not xz")
    (tmp_path / "c.json").write_text("[]")
    (tmp_path / "d.json").write_text('{"resourceType": "Bundle", "type": "no-such-type"}')
    (tmp_path / "e.json").write_text(json.dumps(fhir.patient()))
    _, err = import_fhir(tmp_path, tolerant=True)
    for name in ("a.json.gz", "b.json.xz", "c.json", "d.json"):
        assert str(tmp_path / name) in err
    assert ids() == {"p1"}


def test_ambiguous_practitioners_of_earlier_imports_stop_no_file(tmp_path: Path) -> None:
    doctor = fhir.practitioner("d1") | {"identifier": [{"system": "urn:npi", "value": "7"}]}
    twice = "\n".join(json.dumps(doctor | {"id": i}) for i in ("d1", "d2"))
    (tmp_path / "Practitioner.ndjson").write_text(twice)
    import_fhir(tmp_path)
    bundle = fhir.transaction([doctor, fhir.patient()], method="POST")
    bundle["entry"][1]["resource"]["generalPractitioner"] = [
        {"reference": bundle["entry"][0]["fullUrl"]}
    ]
    (tmp_path / "bundle.json").write_text(json.dumps(bundle))
    import_fhir(tmp_path / "bundle.json")
    assert Resource.objects.filter(type="Practitioner").count() == 2
    assert Patient.objects.get().care_team.get().practitioner_id == "d1"


def test_a_file_that_vanishes_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "gone.json"
    ((fault,),) = import_file(Task(path)).rejected.values()
    assert str(fault) == f"{path}:1: -: cannot be read: No such file or directory"
