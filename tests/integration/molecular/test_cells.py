"""AnnData files: kept for a worker, opened nowhere else, computed as asked for, gone afterwards."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from patients.models import AuditEvent
from tests.factories import molecular as toy
from tests.integration.molecular.conftest import ABOUT, Ward, text_of
from twinportal.molecular import anndata_reading, cell_files
from twinportal.molecular.anndata_reading import SIGNATURE
from twinportal.molecular.models import CellFile, CellFilePart, ExpressionSet

pytestmark = pytest.mark.django_db
HOLDS = {
    "cells": 120,
    "genes": 40,
    "first_genes": ["G0"],
    "matrices": ["X", "logged"],
    "columns": [
        {"name": "cell_type", "values": [["B cell", 60], ["T cell", 60]]},
        {"name": "donor", "values": [["d1", 60], ["d2", 60]]},
        {"name": "group", "values": [["ill", 60], ["well", 60]]},
    ],
}
CHOSEN = {
    "cell_type": "cell_type",
    "case": "2:0",
    "reference": "2:1",
    "donor": "donor",
    "matrix": "X",
    "values": "counts",
}


def kept(ward: Ward, *chunks: bytes) -> CellFile:
    return cell_files.keep(
        patient=ward.mine,
        chunks=chunks or (SIGNATURE + b"one", b"two"),
        file_name="cells.h5ad",
        name="Blood",
        system=GeneSystem.SYMBOL,
        sampled_on=None,
        by=ward.doctor_user,
        now=timezone.now(),
    )


def path_of(ward: Ward, row: CellFile, more: str = "") -> str:
    return ward.path(f"cells/{row.public_id}/{more}")


class TestKeeping:
    def test_the_file_comes_back_as_it_was(self, ward: Ward) -> None:
        row = kept(ward)
        assert CellFilePart.objects.count() == 2 and row.size == 14
        with cell_files._on_disk(row) as path:
            assert path.read_bytes() == SIGNATURE + b"onetwo"
            folder = path.parent
        assert not folder.exists()
        CellFilePart.objects.filter(number=1).update(content=b"TWO")
        with pytest.raises(NetworkError, match="checksum"), cell_files._on_disk(row):
            pass

    def test_what_is_no_file_of_cells_is_not_kept(self, ward: Ward, settings: Any) -> None:
        for chunks, fault in (
            ((b"cell_type\tgene\n",), "not HDF5"),
            ((), "empty"),
            ((SIGNATURE, b"x" * 100), "larger than"),
        ):
            settings.MOLECULAR_MAX_H5AD_BYTES = 50
            with pytest.raises(NetworkError, match=fault):
                kept(ward, *chunks) if chunks else cell_files.keep(
                    patient=ward.mine,
                    chunks=(),
                    file_name="",
                    name="x",
                    system=GeneSystem.SYMBOL,
                    sampled_on=None,
                    by=ward.doctor_user,
                    now=timezone.now(),
                )
        assert not CellFile.objects.exists()

    def test_three_at_a_time(self, ward: Ward) -> None:
        for _ in range(cell_files.MOST_OF_A_TWIN):
            kept(ward)
        with pytest.raises(NetworkError, match="delete one first"):
            kept(ward)

    def test_it_is_nobody_elses(self, ward: Ward) -> None:
        row = kept(ward)
        CellFile.objects.update(state="choose", holds=HOLDS)
        assert ward.doctor.get(path_of(ward, row)).status_code == 200
        assert AuditEvent.objects.filter(what="AnnData file", action="read").count() == 1
        assert ward.patient.get(path_of(ward, row)).status_code == 403
        for more in ("choose/", "delete/"):
            assert ward.colleague.post(path_of(ward, row, more)).status_code == 404
        assert ward.colleague.get(path_of(ward, row)).status_code == 404
        swapped = ward.path(f"cells/{row.public_id}/", of=ward.other)
        assert ward.colleague.get(swapped).status_code == 404
        assert ward.doctor.post(path_of(ward, row, "delete/")).status_code == 302
        assert not CellFilePart.objects.exists()

    def test_what_nobody_goes_on_with_is_forgotten(self, ward: Ward) -> None:
        kept(ward)
        now = timezone.now()
        CellFile.objects.update(state="choose")
        assert cell_files.expire(now=now) == 0
        assert cell_files.expire(now=now + timedelta(hours=25)) == 1
        assert not CellFilePart.objects.exists()
        gone = AuditEvent.objects.get(what="AnnData file", action="delete")
        assert gone.patient_ids == [ward.mine.pk]

    def test_a_sweep_finds_what_a_lost_worker_had(self, ward: Ward) -> None:
        row = kept(ward)
        later = timezone.now() + timedelta(hours=1)
        assert cell_files.waiting(now=later) == [row.pk]
        assert cell_files.waiting(now=later) == []
        CellFile.objects.update(attempts=cell_files.MOST_ATTEMPTS)
        cell_files.work(row.pk)
        row.refresh_from_db()
        assert row.state == "failed" and "perhaps for want of memory" in row.error


class TestChoosing:
    @pytest.mark.parametrize(
        ("sent", "fault"),
        [
            ({"reference": "1:0"}, "a value of another column"),
            ({"reference": "2:0"}, "the same group"),
            ({"cell_type": "group"}, "The groups to compare are of this column"),
            ({"case": "9:9"}, "Select a valid choice"),
            ({"values": ""}, "This field is required"),
        ],
    )
    def test_a_choice_that_makes_no_sense(
        self,
        ward: Ward,
        sent: dict[str, str],
        fault: str,
    ) -> None:
        row = kept(ward)
        CellFile.objects.update(state="choose", holds=HOLDS)
        answer = ward.doctor.post(path_of(ward, row, "choose/"), CHOSEN | sent)
        assert fault in text_of(answer)
        assert CellFile.objects.get().state == "choose"

    def test_a_choice_is_handed_to_a_worker_once(self, ward: Ward) -> None:
        row = kept(ward)
        CellFile.objects.update(state="choose", holds=HOLDS)
        for _ in range(2):
            ward.doctor.post(path_of(ward, row, "choose/"), CHOSEN)
        row.refresh_from_db()
        assert row.state == "computing"
        assert row.choice["group"] == "group" and row.choice["case"] == "ill"
        # what fails then can be chosen again, from what was chosen
        cell_files._refuse(row, "the matrix does not hold counts")
        html = ward.doctor.get(path_of(ward, row)).content.decode()
        assert "does not hold counts" in html
        assert '<option value="2:0" selected>' in html


@pytest.mark.skipif(anndata_reading.is_there(), reason="the package anndata is installed")
class TestWithoutThePackage:
    def test_the_form_says_so(self, ward: Ward) -> None:
        file = SimpleUploadedFile("cells.H5AD", SIGNATURE)
        answer = ward.doctor.post(ward.path("upload/"), {**ABOUT, "file": file})
        assert "does not read AnnData files" in text_of(answer)

    def test_a_worker_says_so(self, ward: Ward) -> None:
        row = kept(ward)
        cell_files.work(row.pk)
        row.refresh_from_db()
        assert row.state == "failed" and "no package anndata" in row.error


class TestWithThePackage:
    """These run where the optional package is."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        anndata = pytest.importorskip("anndata", reason="the optional package anndata is not here")
        rng = np.random.default_rng(1)
        counts = rng.poisson(3.0, (120, 40)).astype(np.float32)
        ill = np.arange(120) % 2 == 0
        kinds = np.where(np.arange(120) < 60, "B cell", "T cell")
        # in T cells of the ill ones G0 is raised, in their B cells lowered
        counts[ill & (kinds == "T cell"), 0] += 9
        counts[ill & (kinds == "B cell"), 0] = 0
        data = anndata.AnnData(X=counts)
        data.var_names = [f"G{i}" for i in range(40)]
        data.obs["cell_type"] = kinds
        data.obs["donor"] = np.where(ill, "d1", "d2")
        data.obs["group"] = np.where(ill, "ill", "well")
        data.obs["barcode"] = [f"cell {i}" for i in range(120)]
        data.layers["logged"] = np.log1p(counts)
        path = tmp_path / "cells.h5ad"
        data.write_h5ad(path)
        return path

    def uploaded(self, ward: Ward, file: Path) -> CellFile:
        sent = {**ABOUT, "file": SimpleUploadedFile("cells.h5ad", file.read_bytes())}
        assert ward.doctor.post(ward.path("upload/"), sent).status_code == 302
        row = CellFile.objects.get()
        cell_files.work(row.pk)
        row.refresh_from_db()
        return row

    def test_from_cells_to_a_ranking(self, ward: Ward, file: Path) -> None:
        row = self.uploaded(ward, file)
        assert row.state == "choose" and row.error == ""
        assert row.holds["columns"][0] == {
            "name": "cell_type",
            "values": [["B cell", 60], ["T cell", 60]],
        }
        page = text_of(ward.doctor.get(path_of(ward, row)))
        assert "pseudo-replication" in page and "group: ill (60 cells)" in page
        ward.doctor.post(path_of(ward, row, "choose/"), CHOSEN)
        cell_files.work(row.pk)
        row.refresh_from_db()
        assert (row.state, row.error) == ("done", "")
        assert not CellFilePart.objects.exists()
        made = row.expression
        assert made.origin == "anndata" and made.patient == ward.mine
        assert ward.doctor.get(path_of(ward, row)).status_code == 302
        said = text_of(ward.doctor.get(ward.path(f"data/{made.public_id}/")))
        assert "group: ill with well" in said
        assert "Few people behind the cells (ill: 1, well: 1)" in said
        assert row.sha256 in said
        changes = toy_changes(made)
        assert changes["T cell"]["G0"] > 0 > changes["B cell"]["G0"]
        toy.import_both()
        run = ward.asked(made)
        assert run.total == 2

    def test_what_was_said_of_the_matrix_is_checked(self, ward: Ward, file: Path) -> None:
        row = self.uploaded(ward, file)
        ward.doctor.post(path_of(ward, row, "choose/"), CHOSEN | {"matrix": "logged"})
        cell_files.work(row.pk)
        row.refresh_from_db()
        assert row.state == "choose" and "does not hold counts" in row.error
        # nothing is lost: the file is still there, and another choice does
        again = CHOSEN | {"matrix": "logged", "values": "log1p", "donor": ""}
        ward.doctor.post(path_of(ward, row, "choose/"), again)
        cell_files.work(row.pk)
        assert "was not said" in " ".join(ExpressionSet.objects.get().method["warnings"])

    def test_another_system_of_genes_is_refused(self, ward: Ward, file: Path) -> None:
        row = self.uploaded(ward, file)
        CellFile.objects.update(system="ensembl")
        ward.doctor.post(path_of(ward, row, "choose/"), CHOSEN)
        cell_files.work(row.pk)
        row.refresh_from_db()
        assert "40 of 40 genes are no identifiers of the system ENSEMBL" in row.error

    def test_a_broken_file_is_refused(self, ward: Ward) -> None:
        pytest.importorskip("anndata", reason="the optional package anndata is not here")
        row = kept(ward)
        cell_files.work(row.pk)
        row.refresh_from_db()
        assert row.state == "failed" and "this is no AnnData file" in row.error


def toy_changes(row: ExpressionSet) -> Any:
    from twinportal.molecular.expression import expression_of

    return expression_of(row).changes
