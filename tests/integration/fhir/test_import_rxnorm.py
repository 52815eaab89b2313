"""A site's RxNorm release: loaded once, asked last, and what was not read is read again."""

import zipfile
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from patients.models import Fact, Patient, RxNormConcept, RxNormRelease, StaleTwin
from patients.selectors.medicines import medicines_of
from patients.services.code_survey import survey
from tests.factories import fhir, rxnorm
from tests.integration.fhir.calls import put

pytestmark = pytest.mark.django_db
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


def import_rxnorm(path: Path, **options: Any) -> str:
    out = StringIO()
    call_command("import_rxnorm", str(path), stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def order(name: str, code: str, **more: Any) -> dict[str, Any]:
    concept = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code}]}
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-01-10",
        "medicationCodeableConcept": concept,
        **more,
    }


def concepts() -> dict[str, str]:
    rows = Fact.objects.filter(kind="medication")
    return {row.resource_fhir_id: row.concept for row in rows}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return rxnorm.folder(tmp_path / "RxNorm_full_11022026")


def test_what_was_not_read_is_read_after_the_import(ehr: Client, release: Path) -> None:
    put(ehr, fhir.patient())
    twice = {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}}
    tablets = {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}], **twice}
    put(ehr, order("a", rxnorm.BRANDED, dosageInstruction=[tablets]))
    put(ehr, order("b", rxnorm.COMBINATION))
    assert set(concepts().values()) == {"medication_unclassified"}
    StaleTwin.objects.all().delete()

    out = import_rxnorm(release)

    assert "RxNorm 11022026 is in force" in out
    assert "1 twins changed" in out
    # one ingredient of the combination has no class: known by name, and counted nowhere
    assert concepts() == {"a": "antihypertensive", "b": "medication_unclassified"}
    assert StaleTwin.objects.filter(patient__fhir_id="p1").exists()
    twin = Patient.objects.get(fhir_id="p1")
    found = {row.references[0].resource_id: row for row in medicines_of(twin.pk, AS_OF)}
    assert found["a"].ingredients == ("testolol",)
    assert found["a"].atc == ("C07AB99",)
    assert found["a"].daily_mg == 50
    assert found["b"].ingredients == ("testazide", "testolol")
    assert all(row.is_resolved for row in found.values())


def test_what_comes_after_the_import_is_read_at_once(ehr: Client, release: Path) -> None:
    import_rxnorm(release)
    put(ehr, fhir.patient())
    put(ehr, order("a", rxnorm.TABLET))
    assert concepts() == {"a": "antihypertensive"}
    assert not survey(now=AS_OF).codes.filter(code=rxnorm.TABLET).exists()


def test_our_own_table_wins_and_the_disagreement_is_printed(ehr: Client, release: Path) -> None:
    put(ehr, fhir.patient())
    put(ehr, order("a", rxnorm.LISINOPRIL_20))
    out = import_rxnorm(release)
    assert "314077 testazide 20 MG Oral Tablet: ours lisinopril; release testazide" in out
    twin = Patient.objects.get(fhir_id="p1")
    (row,) = medicines_of(twin.pk, AS_OF)
    assert row.ingredients == ("lisinopril",)


def test_the_same_release_again_changes_nothing(release: Path, tmp_path: Path) -> None:
    import_rxnorm(release)
    rows = set(RxNormConcept.objects.values_list("pk", flat=True))
    assert "is in force already" in import_rxnorm(release)
    # the archive holds the same three files
    assert "is in force already" in import_rxnorm(rxnorm.archive(tmp_path / "RxNorm_11022026.zip"))
    assert set(RxNormConcept.objects.values_list("pk", flat=True)) == rows


def test_another_release_takes_its_place(ehr: Client, release: Path, tmp_path: Path) -> None:
    put(ehr, fhir.patient())
    put(ehr, order("a", rxnorm.TABLET))
    import_rxnorm(release)
    fewer = [line for line in rxnorm.names() if "Oral Tablet" not in line]
    import_rxnorm(rxnorm.folder(tmp_path / "next", conso=fewer), release="next")
    assert [row.name for row in RxNormRelease.objects.order_by("pk")] == ["RxNorm 11022026", "next"]
    assert {row.release.name for row in RxNormConcept.objects.all()} == {"next"}
    assert concepts() == {"a": "medication_unclassified"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"conso": ["1|2|"]}, "RXNCONSO.RRF line 1: 2 fields"),
        ({"rel": ["1|2|"]}, "RXNREL.RRF line 1: 2 fields"),
    ],
)
def test_a_release_that_cannot_be_read_leaves_the_old_one(
    release: Path, tmp_path: Path, changed: dict[str, list[str]], why: str
) -> None:
    import_rxnorm(release)
    before = RxNormConcept.objects.count()
    with pytest.raises(CommandError, match=why):
        import_rxnorm(rxnorm.folder(tmp_path / "bad", **changed), release="bad")
    assert RxNormConcept.objects.count() == before
    assert RxNormRelease.objects.count() == 1


def test_what_is_no_release_is_refused(tmp_path: Path, release: Path) -> None:
    (tmp_path / "x.zip").write_text("no archive")
    with pytest.raises(CommandError, match="neither a folder nor a ZIP"):
        import_rxnorm(tmp_path / "x.zip")
    with pytest.raises(CommandError, match="No such file"):
        import_rxnorm(tmp_path / "nowhere")
    (release / "rrf" / "RXNSAT.RRF").unlink()
    with pytest.raises(CommandError, match=r"there is no RXNSAT\.RRF"):
        import_rxnorm(release)
    with pytest.raises(CommandError, match="--release"):
        import_rxnorm(rxnorm.folder(tmp_path / "unnamed"))
    assert not RxNormRelease.objects.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({}, r"there is no RXNCONSO\.RRF"),
        ({"rrf/RXNCONSO.RRF": b""}, r"there is no RXNREL\.RRF"),
        ({f"rrf/{name}": b"" for name in rxnorm.contents()}, "no drug of RxNorm is in it"),
        ({f"rrf/{name}": b"x|y|\n" for name in rxnorm.contents()}, "line 1: 2 fields"),
        ({f"rrf/{name}": b"\xff\n" for name in rxnorm.contents()}, "is not UTF-8"),
    ],
)
def test_what_is_wrong_comes_before_how_it_is_called(
    tmp_path: Path, content: dict[str, bytes], why: str
) -> None:
    with zipfile.ZipFile(tmp_path / "release.zip", "w") as made:
        for name, text in content.items():
            made.writestr(name, text)
    with pytest.raises(CommandError, match=why):
        import_rxnorm(tmp_path / "release.zip")


def test_an_archive_whose_files_are_damaged_is_refused_in_words(tmp_path: Path) -> None:
    path = rxnorm.archive(tmp_path / "release.zip")
    packed = path.read_bytes()
    path.write_bytes(packed.replace(b"testolol", b"testolox", 1))
    assert path.read_bytes() != packed
    with pytest.raises(CommandError, match=r"RXNCONSO\.RRF: it cannot be read \(Bad CRC"):
        import_rxnorm(path)
    # the mark of encryption, in the directory of the archive
    at = packed.index(b"PK\x01\x02") + 8
    path.write_bytes(packed[:at] + bytes([packed[at] | 1]) + packed[at + 1 :])
    with pytest.raises(CommandError, match=r"RXNCONSO\.RRF: it cannot be unpacked \(.*encrypted"):
        import_rxnorm(path)
