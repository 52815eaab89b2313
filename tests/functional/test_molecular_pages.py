"""Molecular data in a browser: attach, rank, wait, read; narrow, by keyboard, without scripts."""

import re
from pathlib import Path

import pytest

from models_engine.catalogue.treatment.network.identifiers import GeneSystem
from tests.factories import molecular as toy
from tests.functional.conftest import DESKTOP, Visit, Visitor, Ward
from twinportal.accounts.models import User
from twinportal.molecular import cell_files, runs
from twinportal.molecular.anndata_reading import SIGNATURE
from twinportal.molecular.models import CellFile, RankingRun

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}


def attach(doctor: Visitor, folder: Path) -> None:
    path = folder / "de.tsv"
    path.write_text(toy.expression_text())
    doctor.page.set_input_files("#id_file", path)
    doctor.page.fill("#id_name", "Blood, ill against well")
    doctor.page.select_option("#id_system", "symbol")
    doctor.page.get_by_role("button", name=re.compile("^Attach to ")).click()
    doctor.page.get_by_role("heading", name="Blood, ill against well").wait_for()


def fits(visitor: Visitor) -> None:
    size = visitor.page.viewport_size
    visitor.page.set_viewport_size(NARROW)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    visitor.page.set_viewport_size(size)


def test_from_a_table_to_a_ranking(ward: Ward, visit: Visit, tmp_path: Path) -> None:
    twin = f"/twins/{ward.patient.public_id}/"
    doctor = visit("doctor", DESKTOP)
    # nothing leads there until the site has imported a network
    doctor.goes_to(f"{twin}tools/")
    assert doctor.page.get_by_role("link", name="Molecular data").count() == 0
    toy.import_both()
    doctor.goes_to(f"{twin}tools/")
    doctor.page.get_by_role("link", name="Molecular data").click()
    # what is wrong is said at the field
    doctor.page.get_by_role("button", name=re.compile("^Attach to ")).click()
    doctor.page.wait_for_selector(".errorlist")
    assert doctor.axe_violations() == []
    fits(doctor)
    attach(doctor, tmp_path)
    assert doctor.axe_violations() == []
    fits(doctor)
    doctor.page.fill("#id_draws", "200")
    doctor.page.locator("#id_seed").press("Enter")
    doctor.page.wait_for_url(re.compile("/runs/"))
    assert "waiting for a worker" in doctor.page.locator("#progress").inner_text()
    assert doctor.axe_violations() == []
    # the page itself notices that it is done
    runs.work(RankingRun.objects.get().pk)
    doctor.page.get_by_role("heading", name="Candidates").wait_for()
    first = doctor.page.locator("table.worklist tbody tr").first
    assert "Wide" in first.inner_text()
    for closed in doctor.page.locator("main details > summary").all():
        closed.click()
    assert doctor.axe_violations() == []
    fits(doctor)
    # each mark of the figure stands in the table beside it
    said = doctor.page.get_by_role("region", name="The same as a table").locator("td")
    told = [text for text in said.all_inner_texts() if text != "–"]
    assert len(told) == doctor.page.locator("svg.matrix .mark").count() > 0
    with doctor.page.expect_download() as file:
        doctor.page.get_by_role("link", name="Every drug in every cell type (CSV)").click()
    assert "no target in the network" in Path(file.value.path()).read_text()
    # what is to be compared in an AnnData file, as a worker found it
    row = cell_files.keep(
        patient=ward.patient,
        chunks=[SIGNATURE],
        file_name="cells.h5ad",
        name="Cells",
        system=GeneSystem.SYMBOL,
        sampled_on=None,
        by=User.objects.get(username="doctor"),
        now=toy.NOW,
    )
    CellFile.objects.update(state="choose", holds=toy.HOLDS)
    doctor.goes_to(f"{twin}molecular/cells/{row.public_id}/")
    doctor.page.get_by_role("button", name="Compute the changed genes").click()
    doctor.page.wait_for_selector(".errorlist")
    assert doctor.axe_violations() == []
    fits(doctor)
    doctor.goes_to("/molecular/tables/")
    assert doctor.axe_violations() == []
    fits(doctor)
    assert doctor.complaints == []


def test_without_scripts_on_a_phone(ward: Ward, visit: Visit, tmp_path: Path) -> None:
    toy.import_both()
    doctor = visit("doctor", NARROW, java_script_enabled=False)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/molecular/")
    attach(doctor, tmp_path)
    doctor.page.fill("#id_draws", "200")
    doctor.page.get_by_role("button", name="Start the ranking").click()
    runs.work(RankingRun.objects.get().pk)
    doctor.page.get_by_role("link", name="Look again").click()
    doctor.page.get_by_role("heading", name="Candidates").wait_for()
    # a script alone would show less
    assert doctor.page.locator("svg.matrix .mark--candidate").count() == 4
