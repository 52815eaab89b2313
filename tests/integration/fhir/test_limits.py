"""What is too much or no JSON is refused by both doors: clearly, and nothing of it is stored."""

import codecs
import gzip
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.core.management import CommandError, call_command
from django.test import Client

from patients.fhir.json_codec import MAX_DEPTH
from patients.models import Resource
from tests.factories import fhir
from tests.integration.conftest import wait_until
from tests.integration.fhir.calls import faults, post, sent
from tests.integration.real_server import Door, RealServer, sessions

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
LONG_ID = "x" * 65
BEGIN = b'{"resourceType":"Patient","id":"p1",'
BAD_TEXTS = {
    "deep": (BEGIN + b'"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "nested deeper"),
    "very deep": (BEGIN + b'"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "depth limit"),
    "without an end": (BEGIN + b'"a":' + b"[" * 50_000, "depth limit"),
    "a name twice": (BEGIN + b'"gender":"male","gender":"female"}', "'gender' appears twice"),
    "a name twice, escaped": (
        BEGIN + b'"gender":"male","g\\u0065nder":"female"}',
        "'gender' appears twice",
    ),
    "deep down twice": (BEGIN + b'"name":[{"family":"A","family":"B"}]}', "appears twice"),
    "NaN": (BEGIN + b'"multipleBirthInteger":NaN}', "NaN and Infinity are no numbers"),
    "Infinity": (BEGIN + b'"multipleBirthInteger":Infinity}', "NaN and Infinity are no numbers"),
    "-Infinity": (BEGIN + b'"multipleBirthInteger":-Infinity}', "NaN and Infinity are no numbers"),
    "beyond a double": (BEGIN + b'"multipleBirthInteger":1e999}', "infinity"),
    "Latin-1": (BEGIN + b'"name":[{"family":"M\xfcller"}]}', "not UTF-8"),
    "half a pair in UTF-8": (BEGIN + b'"name":[{"family":"\xed\xa0\x80"}]}', "not UTF-8"),
    "overlong": (BEGIN + b'"name":[{"family":"\xc0\x80"}]}', "not UTF-8"),
    "UTF-16": ('{"resourceType":"Patient","id":"p1"}'.encode("utf-16"), "not UTF-8"),
    "long id": (json.dumps(fhir.patient(LONG_ID)).encode(), "up to 64 letters"),
    "half a pair": (BEGIN + b'"name":[{"family":"\\ud800"}]}', "not JSON"),
}
each_bad_text = pytest.mark.parametrize(
    ("text", "words"), list(BAD_TEXTS.values()), ids=list(BAD_TEXTS)
)


def in_bundle(text: bytes, kind: str, fhir_id: str = "p1") -> bytes:
    """With a faultless neighbour."""
    return b"".join(
        [
            b'{"resourceType":"Bundle","type":"%s","entry":[' % kind.encode(),
            b'{"resource":%s,' % json.dumps(fhir.practitioner()).encode(),
            b'"request":{"method":"PUT","url":"Practitioner/dr1"}},',
            b'{"resource":%s,' % text,
            b'"request":{"method":"PUT","url":"Patient/%s"}}]}' % fhir_id.encode(),
        ]
    )


def words_of(answer: Any) -> str:
    return " ".join(issue["diagnostics"] for issue in faults(answer))


def rejected(*paths: Path) -> str:
    """What an import of these says, which must fail."""
    err = StringIO()
    with pytest.raises(CommandError, match="rejected"):
        call_command("import_fhir", *map(str, paths), stdout=StringIO(), stderr=err)
    return err.getvalue()


class TestTexts:
    @each_bad_text
    def test_by_itself(self, ehr: Client, text: bytes, words: str) -> None:
        answers = [post(ehr, "/Patient", text)]
        answers.append(ehr.put("/fhir/Patient/p1", text, content_type="application/fhir+json"))
        for answer in answers:
            assert answer.status_code in (400, 422)
            assert words in words_of(answer)
        assert not Resource.objects.exists()

    @each_bad_text
    def test_in_a_transaction(self, ehr: Client, text: bytes, words: str) -> None:
        fhir_id = LONG_ID if LONG_ID.encode() in text else "p1"
        answer = post(ehr, "", in_bundle(text, "transaction", fhir_id))
        assert answer.status_code == 400
        assert words in words_of(answer)
        assert not Resource.objects.exists()

    @each_bad_text
    @pytest.mark.parametrize("name", ["one.json", "one.ndjson"])
    def test_in_a_file(self, tmp_path: Path, text: bytes, words: str, name: str) -> None:
        (tmp_path / name).write_bytes(text)
        assert words in rejected(tmp_path)
        assert not Resource.objects.exists()

    @each_bad_text
    def test_in_the_bundle_of_a_file(self, tmp_path: Path, text: bytes, words: str) -> None:
        fhir_id = LONG_ID if LONG_ID.encode() in text else "p1"
        (tmp_path / "one.json").write_bytes(in_bundle(text, "transaction", fhir_id))
        assert words in rejected(tmp_path)
        assert not Resource.objects.exists()

    def test_a_line_costs_only_itself(self, tmp_path: Path) -> None:
        lines = [json.dumps(fhir.practitioner()).encode()]
        lines += [text for text, words in BAD_TEXTS.values() if words != "not UTF-8"]
        lines.append(json.dumps(fhir.practitioner("dr2")).encode())
        (tmp_path / "rows.ndjson").write_bytes(b"\n".join(lines))
        err = rejected(tmp_path)
        assert all(f"rows.ndjson:{number}:" in err for number in range(2, len(lines)))
        assert set(sent().values_list("fhir_id", flat=True)) == {"dr1", "dr2"}

    def test_a_byte_order_mark_on_the_wire_is_named(self, ehr: Client) -> None:
        """JSON on the wire has none (RFC 8259); a file may, because editors put it there."""
        for path in ("/Patient", ""):
            body = fhir.patient() if path else fhir.transaction([fhir.patient()])
            answer = post(ehr, path, codecs.BOM_UTF8 + json.dumps(body).encode())
            assert answer.status_code == 400
            assert "byte order mark" in words_of(answer)
        assert not Resource.objects.exists()


class TestIds:
    def test_in_an_address(self, ehr: Client) -> None:
        for method in (ehr.get, ehr.put, ehr.delete):
            answer = method(f"/fhir/Patient/{LONG_ID}")
            assert answer.status_code == 404
            assert "up to 64 letters" in words_of(answer)

    def test_of_64_characters(self, ehr: Client, tmp_path: Path) -> None:
        long, longest = LONG_ID[:-2], LONG_ID[:-1]
        (tmp_path / "one.json").write_text(json.dumps(fhir.patient(long)))
        call_command("import_fhir", str(tmp_path), stdout=StringIO())
        assert post(ehr, "", fhir.transaction([fhir.patient(longest)])).status_code == 200
        for fhir_id in (long, longest):
            assert ehr.get(f"/fhir/Patient/{fhir_id}").status_code == 200


class TestSizes:
    def test_a_bundle_with_too_many_entries(
        self, ehr: Client, tmp_path: Path, settings: Any
    ) -> None:
        settings.FHIR_MAX_BUNDLE_ENTRIES = 2
        most = fhir.transaction([fhir.practitioner(f"d{i}") for i in range(2)])
        more = fhir.transaction([fhir.practitioner(f"e{i}") for i in range(3)])
        for kind in ("transaction", "batch"):
            answer = post(ehr, "", more | {"type": kind})
            assert answer.status_code == 413
            assert words_of(answer) == "3 entries; at most 2 are taken in one bundle"
        path = tmp_path / "one.json"
        path.write_text(json.dumps(more))
        assert "3 entries; at most 2" in rejected(path)
        assert not Resource.objects.exists()
        path.write_text(json.dumps(most))
        call_command("import_fhir", str(path), stdout=StringIO())
        assert sent().count() == 2

    def test_the_entries_of_a_files_batch_go_in_one_by_one(
        self, tmp_path: Path, settings: Any
    ) -> None:
        settings.FHIR_MAX_BUNDLE_ENTRIES = 2
        batch = fhir.transaction([fhir.practitioner(f"d{i}") for i in range(3)])
        (tmp_path / "one.json").write_text(json.dumps(batch | {"type": "batch"}))
        call_command("import_fhir", str(tmp_path), stdout=StringIO())
        assert sent().count() == 3

    @pytest.mark.parametrize("name", ["one.json", "one.ndjson"])
    def test_a_text_of_a_file_that_is_too_large(
        self, tmp_path: Path, settings: Any, name: str
    ) -> None:
        settings.FHIR_MAX_BODY_BYTES = len(json.dumps(fhir.patient())) - 1
        (tmp_path / name).write_text(json.dumps(fhir.patient()))
        assert f"larger than {settings.FHIR_MAX_BODY_BYTES} bytes" in rejected(tmp_path)
        assert not Resource.objects.exists()

    def test_a_line_that_is_too_large_costs_only_itself(
        self, tmp_path: Path, settings: Any
    ) -> None:
        settings.FHIR_MAX_BODY_BYTES = 500
        rows = [fhir.practitioner("d1"), fhir.patient(family="x" * 3000), fhir.practitioner("d3")]
        (tmp_path / "rows.ndjson").write_text("\n".join(map(json.dumps, rows)))
        assert "rows.ndjson:2:" in rejected(tmp_path)
        assert set(sent().values_list("fhir_id", flat=True)) == {"d1", "d3"}

    def test_a_small_file_that_hides_a_large_one(self, tmp_path: Path) -> None:
        text = gzip.compress(b" " * (product.FHIR_MAX_BODY_BYTES + 1))
        (tmp_path / "one.json.gz").write_bytes(text)
        assert "larger than" in rejected(tmp_path)


@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
class TestOverTheNetwork:
    """A refusal must arrive though the client is still sending."""

    BODY = b'{"resourceType":"Patient","a":"' + b"a" * product.FHIR_MAX_BODY_BYTES + b'"}'

    @pytest.fixture
    def door(self, ehr: Client) -> Iterator[Door]:
        server = RealServer(workers=1)
        yield Door(server.port, ehr.defaults["HTTP_AUTHORIZATION"].split()[1])
        server.kill()
        wait_until(lambda: sessions() == 0, "the server's sessions end")

    def test_a_body_that_is_too_large(self, door: Door) -> None:
        for method, path in (("POST", ""), ("POST", "/Patient"), ("PUT", "/Patient/p1")):
            answer = door.send(method, path, self.BODY)
            assert answer.status == 413
            assert "larger than" in answer.content["issue"][0]["diagnostics"]
        assert not Resource.objects.exists()

    def test_a_large_body_that_nobody_will_read(self, door: Door) -> None:
        text = self.BODY[: 5 * 1024 * 1024]
        assert Door(door.port, "wrong").send("POST", "", text).status == 401
        assert door.send("POST", "/Patience", text).status == 404
        assert door.send("POST", "/Patient", text, kind="application/fhir+xml").status == 415
        assert door.send("GET", "/Patient/p1").status == 404
