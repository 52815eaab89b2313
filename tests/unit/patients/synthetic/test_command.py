"""manage.py synthetic_cohort: the same bundles on disk."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from patients.synthetic.generate import generate, infrastructure_bundle
from tests.unit.patients.synthetic.reading import AS_OF

OPTIONS = ("--patients", "2", "--seed", "9", "--as-of", "2026-11-20")


def expected(odd_values: bool = False) -> list[object]:
    return [infrastructure_bundle(9), *generate(2, seed=9, as_of=AS_OF, odd_values=odd_values)]


def test_a_folder_gets_a_file_a_patient(tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("synthetic_cohort", str(tmp_path / "new"), *OPTIONS, stdout=out)
    names = ["practitionerInformation", "patient-00001", "patient-00002"]
    written = [json.loads((tmp_path / "new" / f"{name}.json").read_text()) for name in names]
    assert written == expected()
    assert "2 patients" in out.getvalue()


def test_ndjson_gets_a_line_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cohort.ndjson"
    call_command("synthetic_cohort", str(path), *OPTIONS, "--odd", stdout=io.StringIO())
    assert [json.loads(line) for line in path.read_text().splitlines()] == expected(odd_values=True)


def test_without_a_day_it_is_today(tmp_path: Path) -> None:
    call_command("synthetic_cohort", str(tmp_path), "--patients", "1", stdout=io.StringIO())
    assert (tmp_path / "patient-00001.json").exists()


def test_nobody_is_not_a_cohort(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="at least 1"):
        call_command("synthetic_cohort", str(tmp_path), "--patients", "0")
