"""Real Synthea bundles, from files and over HTTP: all of it goes in, and comes back verbatim."""

import bz2
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from patients.fhir.json_codec import content_hash
from patients.models import Fact, Patient, Resource, ResourceVersion
from tests.data import shared_data
from tests.integration.fhir.calls import post, sent, sent_versions

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
REFERENCE = re.compile(r'"reference"\s*:\s*"[^"]*"')


def members(archive: str, wanted: int) -> Iterator[tuple[str, bytes]]:
    """The smallest `wanted` files, and the ones that must come first."""
    with tarfile.open(shared_data(archive)) as tar:
        files = [m for m in tar.getmembers() if m.isfile() and m.name.endswith(".json")]
        first = [m for m in files if "Information" in m.name]
        others = sorted((m for m in files if m not in first), key=lambda m: m.size)
        for member in [*first, *others[:wanted]]:
            stream = tar.extractfile(member)
            assert stream is not None
            yield Path(member.name).name, stream.read()


def import_fhir(path: Path, **options: Any) -> str:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_fhir", str(path), stdout=out, stderr=err, **options)
    assert not err.getvalue()
    return out.getvalue()


class TestUsCore2021:
    """Conditional references to practitioners of other files; medicationReference; contained."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name, content in members("synthea-uscore-2021.tar.xz", 2):
            (tmp_path / f"{name}.bz2").write_bytes(bz2.compress(content, 1))
        return tmp_path

    def test_everything_goes_in_and_nothing_is_lost(self, folder: Path) -> None:
        given = Counter[str]()
        for path in folder.iterdir():
            bundle = json.loads(bz2.decompress(path.read_bytes()))
            for entry in bundle["entry"]:
                given[entry["resource"]["resourceType"]] += 1
        import_fhir(folder)
        assert Counter(sent().values_list("type", flat=True)) == given
        assert Patient.objects.count() == 2
        for version in ResourceVersion.objects.iterator():
            for reference in REFERENCE.findall(version.content):
                assert "urn:" not in reference and "?" not in reference
        assert set(Fact.objects.values_list("patient", flat=True)) == set(
            Patient.objects.values_list("pk", flat=True)
        )

    def test_what_came_is_what_is_stored(self, folder: Path) -> None:
        import_fhir(folder)
        came = Counter(
            bare(entry["resource"])
            for path in folder.iterdir()
            for entry in exactly(bz2.decompress(path.read_bytes()))["entry"]
        )
        stored = Counter(
            bare(exactly(text)) for text in sent_versions().values_list("content", flat=True)
        )
        assert stored == came


def exactly(text: str | bytes) -> Json:
    """JSON with its numbers as they were written."""
    content: Json = json.loads(text, parse_float=str, parse_int=str)
    return content


def bare(resource: Json) -> str:
    """What the server may not touch: all but id, version, time, and where references lead."""
    kept = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    meta = {
        name: value
        for name, value in resource.get("meta", {}).items()
        if name not in ("versionId", "lastUpdated")
    }
    return REFERENCE.sub("", json.dumps([kept, meta]))


def is_value(token: str) -> bool:
    """An identifier with its system."""
    return token.startswith("identifier\x1f") and "|" in token[:-1]


class TestSmart2019:
    """Practitioners and organisations inside every patient's bundle; units mixed or missing."""

    def test_they_do_not_multiply_and_the_same_again_is_seen(self, tmp_path: Path) -> None:
        for name, content in members("synthea-smart-2019.tar.xz", 6):
            (tmp_path / name).write_bytes(content)
        import_fhir(tmp_path)
        assert Patient.objects.count() == 6
        for kind in ("Practitioner", "Organization"):
            rows = Resource.objects.filter(type=kind)
            identifiers = {token for row in rows for token in row.tokens if is_value(token)}
            assert len(identifiers) == rows.count() > 0

    def test_over_http_with_fixed_ids_twice(self, ehr: Client) -> None:
        *_, (_, content) = members("synthea-smart-2019.tar.xz", 1)
        bundle = json.loads(content)
        for entry in bundle["entry"]:
            resource = entry["resource"]
            resource["id"] = entry["fullUrl"].removeprefix("urn:uuid:")
            url = f"{resource['resourceType']}/{resource['id']}"
            entry["request"] = {"method": "PUT", "url": url}
        first = post(ehr, "", bundle).json()["entry"]
        assert {e["response"]["status"] for e in first} == {"201 Created"}
        hashes = {(r.type, r.fhir_id): r.content_hash for r in sent().all()}
        for row in sent_versions().select_related("resource"):
            key = (row.resource.type, row.resource.fhir_id)
            assert content_hash(json.loads(row.content)) == hashes[key]
        again = post(ehr, "", bundle).json()["entry"]
        assert {e["response"]["status"] for e in again} == {"200 OK"}
        assert sent_versions().count() == len(bundle["entry"])
