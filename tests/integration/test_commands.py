"""Files in, facts out; and facts made anew."""

import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from patients.models import Fact, Patient, Resource, StaleTwin
from tests.factories import fhir
from tests.integration.fhir.calls import sent, sent_versions

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def import_fhir(*paths: Path, **options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_fhir", *map(str, paths), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def bundle_of(resources: list[Json], method: str = "PUT") -> str:
    return json.dumps(fhir.transaction(resources, method=method))


def test_bundles_folders_and_ndjson_plain_and_gzipped(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "one.json").write_text(bundle_of(fhir.complete_record("p1")))
    lines = "\n".join(json.dumps(r) for r in fhir.complete_record("p2"))
    with gzip.open(tmp_path / "two.ndjson.gz", "wt") as stream:
        stream.write(lines + "\n\n")
    with gzip.open(tmp_path / "three.json.gz", "wt") as stream:
        stream.write(json.dumps(fhir.patient("p3")))
    (tmp_path / "notes.txt").write_text("not FHIR")
    out, _ = import_fhir(tmp_path)
    assert set(Patient.objects.values_list("fhir_id", flat=True)) == {"p1", "p2", "p3"}
    assert "15  in all" in out
    assert StaleTwin.objects.count() == 2 + 1


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(bundle_of(fhir.complete_record("p1")))
    import_fhir(tmp_path)
    versions = set(sent_versions().values_list("pk", flat=True))
    StaleTwin.objects.all().delete()
    import_fhir(tmp_path)
    assert set(sent_versions().values_list("pk", flat=True)) == versions
    assert not StaleTwin.objects.exists()


def test_a_rejected_line_is_named_and_the_others_go_in(tmp_path: Path) -> None:
    bad = fhir.quantity("x", "2093-3", 5, "mmol/L", subject="p1")
    bad["status"] = "finished"
    rows = [fhir.patient("p1"), bad, fhir.quantity("y", "2093-3", 5, "mmol/L", subject="p1")]
    path = tmp_path / "rows.ndjson"
    path.write_text("\n".join([*map(json.dumps, rows), "{broken"]))
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="2 "):
        call_command("import_fhir", str(path), stdout=out, stderr=err)
    assert f"{path}:2" in err.getvalue() and "Observation.status" in err.getvalue()
    assert f"{path}:4" in err.getvalue()
    assert set(sent().values_list("fhir_id", flat=True)) == {"p1", "y"}


def test_resources_may_come_before_what_they_refer_to(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(fhir.quantity("x", "2093-3", 5, "mmol/L")))
    (tmp_path / "b.json").write_text(json.dumps(fhir.patient("p1")))
    import_fhir(tmp_path / "a.json", tmp_path / "b.json")
    assert Fact.objects.get().concept == "total_cholesterol"


def test_practitioners_repeated_in_every_bundle_do_not_multiply(tmp_path: Path) -> None:
    doctor = fhir.practitioner() | {"identifier": [{"system": "urn:npi", "value": "7"}]}
    for number in range(3):
        person = fhir.patient(f"p{number}")
        person["generalPractitioner"] = [{"reference": "urn:uuid:Practitioner-dr1"}]
        text = bundle_of([doctor, person], method="POST")
        (tmp_path / f"{number}.json").write_text(text)
    import_fhir(tmp_path)
    assert Resource.objects.filter(type="Practitioner").count() == 1
    assert Patient.objects.count() == 3


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        import_fhir(tmp_path / "nowhere")
    with pytest.raises(CommandError, match=r"No .json"):
        import_fhir(tmp_path)


def content_of_facts() -> set[tuple[Any, ...]]:
    names = [f.attname for f in Fact._meta.concrete_fields if f.attname != "id"]
    rows = Fact.objects.values_list(*names)
    return {tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in rows}


def test_facts_are_a_projection_that_can_be_made_anew(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(
        bundle_of([*fhir.complete_record("p1"), *fhir.complete_record("p2")])
    )
    import_fhir(tmp_path)
    StaleTwin.objects.all().delete()
    before = content_of_facts()
    call_command("rebuild_facts", stdout=StringIO())
    assert content_of_facts() == before
    assert not StaleTwin.objects.exists(), "nothing changed, so no model runs"

    Fact.objects.filter(patient__fhir_id="p1", concept="systolic_bp").update(value=999)
    Fact.objects.filter(patient__fhir_id="p1", concept="hdl_cholesterol").delete()
    call_command("rebuild_facts", stdout=StringIO())
    assert content_of_facts() == before
    assert list(StaleTwin.objects.values_list("patient__fhir_id", flat=True)) == ["p1"]
