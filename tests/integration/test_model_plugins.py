"""A wrong plug-in costs itself and nothing else, and the models page says why."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from explain.models import Attribution
from models_engine.models import Prediction
from models_engine.plugins import left_out
from models_engine.registry import registered
from tests.factories.people import clinician, signed_in, twin
from tests.factories.plugin import forget_models, forget_modules, install, package

pytestmark = pytest.mark.django_db
OURS = list(registered())
GOOD = """
    from dataclasses import replace
    from models_engine.catalogue.risk.kfre import kfre_4v

    def changed(**changes):
        return replace(kfre_4v(), **{"id": "acme_kidney", **changes})
"""
List = Callable[..., None]


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[List]:
    """Install packages of one module each, given as code, and list them."""
    target = tmp_path / "site"
    names = []

    def start(*codes: str) -> None:
        for number, code in enumerate(codes):
            name = f"acme-odd-{number}" if number else "acme-odd"
            install(package(tmp_path / f"source{number}", code, name=name), target)
            names.append(name)
        monkeypatch.syspath_prepend(str(target))
        settings.MODEL_PLUGINS = tuple(names)
        forget_models()

    yield start
    forget_models()
    forget_modules("acme_odd", "acme_odd_1")


WRONG = {
    "def models(): return 1 / 0": "It raised ZeroDivisionError",
    "raise SystemExit(3)": "It raised SystemExit: 3",
    "import no_such_module": "It raised ModuleNotFoundError",
    "def other(): pass": "It raised AttributeError",
    "def models(): return 'kfre_4v'": "It gave str, not a ClinicalModel",
    "def models(): return []": "at least one ClinicalModel",
    "def models(): return [1]": "at least one ClinicalModel",
    GOOD + "\n    def models(): return changed(id='kfre_4v')": "has this id already",
    GOOD + "\n    def models(): return changed(version='9')": "does not mention version 9",
    GOOD + "\n    def models(): return changed(applies=lambda c: ())": "Somebody who has died",
    GOOD + "\n    def models(): return changed(predict=lambda a: kfre_4v().predict(a) * 1.01)": (
        "published values are reproduced: Vector"
    ),
}


@pytest.mark.parametrize("code", WRONG, ids=list(WRONG.values()))
def test_a_wrong_one_is_left_out_logged_and_shown(
    plug_in: List, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    plug_in(code)

    assert list(registered()) == OURS
    (one,) = left_out(registered())
    assert one.package == "acme-odd 0.1"
    assert WRONG[code] in one.reason
    if "has this id already" not in one.reason:
        assert "model plug-in left out: acme-odd 0.1" in caplog.text
    page = signed_in(clinician()).get("/models/").content.decode()
    assert "Plug-ins that were left out." in page and "acme-odd 0.1" in page


def test_an_id_of_a_model_that_is_not_offered_here_is_not_free(plug_in: List) -> None:
    plug_in(GOOD + "\n    def models(): return changed(id='score2')")
    assert list(registered()) == OURS
    assert [(one.what, one.reason) for one in left_out(registered())] == [
        ("score2", "A model of the portal has this id already.")
    ]


def test_what_is_not_installed_is_shown(settings: Any) -> None:
    settings.MODEL_PLUGINS = ("no-such-package", "numpy")
    forget_models()
    assert list(registered()) == OURS
    assert [(one.package, one.reason) for one in left_out(registered())] == [
        ("no-such-package", "No package of this name is installed."),
        ("numpy", "The package has no entry point in the group twinportal.models."),
    ]
    forget_models()


def test_a_good_one_runs_beside_a_wrong_one_and_a_second_with_its_id_does_not(
    plug_in: List,
) -> None:
    code = GOOD + "\n    def models(): return [changed(), changed(id='acme_other', version='8')]"
    plug_in(code, GOOD + "\n    def models(): return changed()")
    assert list(registered()) == [*OURS, "acme_kidney"]
    assert [(one.package, one.what) for one in left_out(registered())] == [
        ("acme-odd 0.1", "acme_other"),
        ("acme-odd-1 0.1", "acme_kidney"),
    ]


LATE = """
    def models():
        kidney = kfre_4v()
        calls = []

        def late(arrays):
            if len(arrays["age"]) == 1 and arrays["age"][0] == AGE and ARMED:
                {what}
            return kidney.predict(arrays)

        return changed(predict=late)

    AGE, ARMED = 0.0, []
"""


@pytest.mark.parametrize("what", ["raise ValueError(str(arrays))", "return [[2.0, 2.0]]"])
def test_one_that_fails_for_a_record_costs_its_own_number_alone(
    plug_in: List, ehr_client: Client, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.factories import fhir
    from tests.factories.people import NOW, push
    from twinportal import pipeline

    plug_in(GOOD + LATE.replace("{what}", what))
    assert list(registered())[-1] == "acme_kidney"
    import acme_odd  # type: ignore[import-not-found]

    mine = twin(ehr_client, "p1")
    push(
        ehr_client,
        fhir.quantity("p1-cr", "2160-0", 2.0, "mg/dL", date="2026-11-19T09:00:00Z"),
        fhir.quantity("p1-acr", "9318-7", 300, "mg/g", date="2026-11-19T09:00:00Z"),
    )
    pipeline.refresh_twin(mine.pk, now=NOW)
    ours, theirs = (
        Prediction.objects.get(model_id=key, outcome="kidney_failure_5y", status="current")
        for key in ("kfre_4v", "acme_kidney")
    )
    assert theirs.value == ours.value and ours.value is not None
    assert Attribution.objects.filter(prediction=theirs).count() == 2

    acme_odd.ARMED.append(True)
    acme_odd.AGE = next(row["value"] for row in ours.inputs if row["concept"] == "age")
    push(ehr_client, fhir.quantity("p1-cr2", "2160-0", 2.2, "mg/dL", date="2026-11-20T09:00:00Z"))
    pipeline.refresh_twin(mine.pk, now=NOW)

    ours, theirs = (
        Prediction.objects.get(model_id=key, outcome="kidney_failure_5y", status="current")
        for key in ("kfre_4v", "acme_kidney")
    )
    assert ours.value is not None and theirs.value is None
    assert "this plug-in failed on this record" in theirs.refusals[0]["message"]
    assert "plug-in model acme_kidney of acme-odd 0.1 raised" in caplog.text
    assert "array" not in caplog.text, "no value of the record in the log"
    page = signed_in(clinician()).get(f"/twins/{mine.public_id}/predictions/").content.decode()
    assert "this plug-in failed on this record" in page


class TestCommand:
    def test_an_id_of_ours_and_one_twice_are_told(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = GOOD + "\n    def models(): return [kfre_4v(), changed(), changed()]"
        with pytest.raises(CommandError, match="2 checks failed; it would be left out"):
            call_command("check_model", str(package(tmp_path / "odd", code)))
        shown = capsys.readouterr().out
        assert "FAILED  acme_kidney: two models have this id" in shown
        assert "FAILED  kfre_4v: a model of the portal has this id already" in shown
        forget_modules("acme_odd")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, "There is no pyproject.toml"),
            ("[project", "cannot be read"),
            ("[project]\nname = 'x'\n", "pyproject.toml has no"),
        ],
    )
    def test_a_folder_that_is_no_package(
        self, tmp_path: Path, content: str | None, words: str
    ) -> None:
        if content is not None:
            (tmp_path / "pyproject.toml").write_text(content)
        with pytest.raises(CommandError, match=words):
            call_command("check_model", str(tmp_path))
