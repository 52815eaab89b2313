"""The facts pages of the mechanistic twins: what they say is what the twin is."""

import html
import re
from dataclasses import replace

import pytest
from django.test import Client

from models_engine.catalogue.mechanistic.twin_facts import twin_document
from models_engine.catalogue.mechanistic.twins import TWINS
from tests.data import ROOT
from tests.factories.people import clinician, patient_user, signed_in, twin
from twinportal.accounts.models import User
from twinportal.dashboards.model_facts import twins

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Client:
    return signed_in(clinician())


def words(answer) -> str:
    assert answer.status_code == 200
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return html.unescape(" ".join(plain.split()))


def test_the_list_of_models_has_them_under_a_heading_of_their_own(doctor: Client) -> None:
    answer = doctor.get("/models/")
    text = words(answer)
    section = text[text.index("Mechanistic twins") :]
    for one in TWINS.values():
        for part in (one.title, one.purpose, one.population):
            assert " ".join(part.split()) in section
        assert f'href="/models/mechanistic/{one.id}/"' in answer.content.decode()
    assert set(TWINS) == {"body_weight", "ukpds_course", "drug_levels", "fentanyl", "glucose"}
    assert "17 numbers: Published, not yet verified here." in section


@pytest.mark.parametrize("twin_id", TWINS)
def test_every_fact_is_on_the_page(doctor: Client, twin_id: str) -> None:
    shown = words(doctor.get(f"/models/mechanistic/{twin_id}/"))
    document = twin_document(TWINS[twin_id])
    texts = [value for key, value in document.items() if isinstance(value, str)]
    texts = [t for t in texts if t not in (document["format"], document["updated"])]
    texts += [row["label"] for row in document["inputs"]]
    texts += [row["range"] for row in document["inputs"]]
    texts += [row["citation"] for row in document["references"]]
    for row in document["checks"]:
        texts += [row["what"], f"{row['expected']:.6g} {row['computed']:.6g} yes"]
    for group in document["parameter_sets"]:
        for one in group["parameters"]:
            said = (one["label"], str(one["value"]), one["unit"], one["source"])
            texts.append(f"{' '.join(said)} {one['evidence']['text']}")
    assert [t for t in texts if " ".join(t.split()) not in shown] == []
    assert "All of these are reproduced." in shown


def test_the_document_is_the_same_for_machines(doctor: Client) -> None:
    address = "/models/mechanistic/drug_levels/facts.json"
    answer = doctor.get(address)
    assert answer.json() == twin_document(TWINS["drug_levels"])
    again = doctor.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and not again.content
    documented = (ROOT / "docs" / "model-facts.md").read_text(encoding="utf-8")
    part = documented[documented.index("## facts.json of a mechanistic twin") :]
    named = set(re.findall(r"`([a-z_]+)`", part))
    document = answer.json()
    keys = set(document) | {k for p in ("inputs", "checks") for k in document[p][0]}
    keys |= set(document["parameter_sets"][0]["parameters"][0])
    assert keys <= named


def test_a_value_that_is_no_longer_reproduced_is_shown(
    doctor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = TWINS["fentanyl"]
    checks = (replace(good.checks[0], compute=lambda: 0.3),)
    monkeypatch.setattr(twins, "TWINS", {"fentanyl": replace(good, checks=checks)})
    text = words(doctor.get("/models/mechanistic/fentanyl/"))
    assert "do not use this twin" in text and "0.205 0.3 no" in text


def test_who_may_read_them(ehr_client: Client, doctor: Client) -> None:
    steward = signed_in(User.objects.create_user("steward", password="x", role="steward"))
    himself = signed_in(patient_user(twin(ehr_client, "p1")))
    for path in ("/models/mechanistic/glucose/", "/models/mechanistic/glucose/facts.json"):
        assert Client().get(path).status_code == 302
        assert himself.get(path).status_code == 403
        assert steward.get(path).status_code == doctor.get(path).status_code == 200
    for path in ("elixir/", "elixir/facts.json", ""):
        assert doctor.get(f"/models/mechanistic/{path}").status_code == 404
