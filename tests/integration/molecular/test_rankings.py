"""Molecular data of a twin: attached by nobody else, ranked by a worker, never swapped, never lost."""

import base64
import gzip
import hashlib
import io
import json
import re
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from models_engine.catalogue.treatment.network import tables
from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from patients.models import AuditEvent
from tests.factories import molecular as toy
from tests.factories.people import push
from tests.integration.conftest import Worker, database_url, wait_until
from tests.integration.molecular.conftest import ABOUT, Ward, text_of
from twinportal.molecular import imports, runs, tasks
from twinportal.molecular.models import (
    DrugTargetTable,
    ExpressionSet,
    InteractionNetwork,
    RankingRun,
)

pytestmark = pytest.mark.django_db
SAID = {"source": "made up", "licence": "CC0", "system": "symbol", "name": "toy"}
OURS = {"system": "urn:twinportal:document-category", "code": "differential-expression"}


class TestImports:
    def imported(self, command: str, path: Any, **more: Any) -> str:
        out = io.StringIO()
        call_command(command, path, stdout=out, **{**SAID, **more})
        return out.getvalue()

    def test_a_network_is_there_once_and_versions_count_up(self, tmp_path: Any) -> None:
        plain, packed = tmp_path / "n.tsv", tmp_path / "n.csv.gz"
        lines = toy.network_text().splitlines()
        plain.write_text("\n".join(lines))
        # the same in another order, as CSV, packed
        other = [lines[0], *reversed(lines[1:])]
        packed.write_bytes(gzip.compress("\n".join(other).replace("\t", ",").encode()))
        assert "imported as toy, version 1" in self.imported("import_network", plain)
        assert "there already: toy, version 1" in self.imported(
            "import_network", packed, name="new"
        )
        plain.write_text("\n".join(lines[:-1]))
        assert "imported as toy, version 2" in self.imported("import_network", plain)
        first, second = InteractionNetwork.objects.order_by("version")
        assert first.counts["genes"] == 400
        assert second.counts["interactions"] == first.counts["interactions"] - 1
        # what is stored is what was imported
        assert imports.network_of(first).sha256 == first.sha256
        InteractionNetwork.objects.filter(pk=first.pk).update(content=second.content)
        with pytest.raises(NetworkError, match="checksum"):
            imports.network_of(InteractionNetwork.objects.get(pk=first.pk))

    def test_faults_are_told_by_line_and_nothing_is_stored(self, tmp_path: Any) -> None:
        path = tmp_path / "n.tsv"
        for content, fault in (
            (b"source\ttarget\nA\tB\nA\t1-Mar\n", "line 3: '1-Mar'"),
            (b"source\ttarget\nA\tB\nA\t\xff\n", "line 3: the text is not UTF-8"),
            (b"one\ttwo\nA\tB\n", "needs one column 'source'"),
            (b"source\ttarget\nA\n", "line 2: 1 values under 2 columns"),
            (gzip.compress(b"source\ttarget\nA\tB\n")[:-9], "gzip file is broken"),
            (b"", "empty"),
        ):
            path.write_bytes(content)
            with pytest.raises(CommandError, match=re.escape(fault)) as refused:
                self.imported("import_network", path)
            assert "Nothing was imported" in str(refused.value)
        with pytest.raises(CommandError, match="No such file"):
            self.imported("import_network", tmp_path / "missing")
        with pytest.raises(CommandError, match="Give also: licence"):
            self.imported("import_network", path, licence="")
        assert not InteractionNetwork.objects.exists()

    def test_a_file_that_is_too_much_is_refused_before_it_is_read(
        self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of 300 MB unpacked not a tenth is ever held."""
        path = tmp_path / "n.tsv.gz"
        ten_megabytes = gzip.compress(b"A\tB\n" * 2_500_000)
        path.write_bytes(gzip.compress(b"source\ttarget\n") + ten_megabytes * 30)
        tracemalloc.start()
        try:
            with pytest.raises(CommandError, match="larger than 200 MiB unpacked"):
                self.imported("import_network", path)
            assert tracemalloc.get_traced_memory()[1] < 30e6
        finally:
            tracemalloc.stop()
        monkeypatch.setattr(tables, "MOST_ROWS", 5)
        path = tmp_path / "n.tsv"
        path.write_text("\n".join(toy.network_text().splitlines()[:7]))
        with pytest.raises(CommandError, match="more than 5 rows"):
            self.imported("import_network", path)
        assert not InteractionNetwork.objects.exists()

    def test_drug_targets_keep_the_status(self, tmp_path: Any) -> None:
        path = tmp_path / "d.tsv"
        path.write_text(toy.drugs_text())
        out = self.imported("import_drug_targets", path)
        assert "drugs: 7" in out and "unknown actions: binder" in out
        row = DrugTargetTable.objects.get()
        table = imports.drug_targets_of(row)
        assert table.statuses["VAGUE"] == "investigational" and "WIDE" not in table.statuses
        # another status is another table
        path.write_text(toy.drugs_text().replace("investigational", "withdrawn"))
        assert "toy, version 2" in self.imported("import_drug_targets", path)
        path.write_text(toy.drugs_text() + "HELPS\tHelpful\tG1\tinhibitor\twithdrawn\n")
        with pytest.raises(CommandError, match=r"line 10: HELPS has status 'withdrawn'"):
            self.imported("import_drug_targets", path)

    def test_a_version_is_withdrawn_and_comes_back(self, tmp_path: Any, ward: Ward) -> None:
        network, _ = toy.import_both()
        call_command("import_network", withdraw="toy network:1", stdout=io.StringIO())
        assert "Molecular data" not in text_of(
            ward.doctor.get(f"/twins/{ward.mine.public_id}/tools/")
        )
        out = io.StringIO()
        call_command("import_network", list=True, stdout=out)
        assert "withdrawn" in out.getvalue()
        with pytest.raises(CommandError, match="There is no network nobody:1"):
            call_command("import_network", withdraw="nobody:1")
        path = tmp_path / "n.tsv"
        path.write_text(toy.network_text())
        self.imported("import_network", path)
        network.refresh_from_db()
        assert network.withdrawn_at is None
        assert "Molecular data" in text_of(ward.doctor.get(f"/twins/{ward.mine.public_id}/tools/"))


class TestAttaching:
    def test_a_table_is_attached_once_with_what_was_said(self, ward: Ward) -> None:
        row = ward.attached()
        assert row.patient == ward.mine and row.origin == "upload"
        assert [(c["name"], c["changed"], c["raised"]) for c in row.cell_types] == [
            ("B cell", 3, 2),
            ("T cell", 8, 8),
        ]
        said = text_of(ward.doctor.get(ward.path(f"data/{row.public_id}/")))
        assert "Blood, ill against well" in said and "1 Oct 2026" in said
        assert ward.upload(text=toy.expression_text(",")).status_code == 302
        assert ExpressionSet.objects.count() == 1
        made = AuditEvent.objects.get(what="expression", action="create")
        assert made.patient_ids == [ward.mine.pk] and made.detail == str(row.public_id)

    @pytest.mark.parametrize(
        ("sent", "fault"),
        [
            ({"text": toy.expression_text(more="T cell\tG0\t1\t0.01\n")}, "line 14"),
            ({"text": toy.expression_text(more="T cell\t2-Sep\t1\t0.01\n")}, "2-Sep"),
            ({"text": "gene\nG0\n"}, "needs one column"),
            ({"system": "entrez"}, "not a gene identifier of the system ENTREZ"),
            ({"system": ""}, "This field is required"),
            ({"sampled_on": "2999-01-01"}, "lies in the future"),
            ({"name": " "}, "This field is required"),
        ],
    )
    def test_what_cannot_be_read_is_said_and_what_was_typed_stays(
        self, ward: Ward, sent: dict[str, str], fault: str
    ) -> None:
        answer = ward.upload(**sent)
        assert fault in text_of(answer)
        assert sent.get("name", ABOUT["name"]).strip() in answer.content.decode()
        assert not ExpressionSet.objects.exists()

    def test_sizes_are_limited_also_unpacked(self, ward: Ward, settings: Any) -> None:
        settings.MOLECULAR_MAX_UPLOAD_BYTES = 1000
        text = toy.expression_text(more="T cell\tG399\t1\t0.9\n" * 100)
        assert "larger than" in text_of(ward.upload(text=text))
        bomb = SimpleUploadedFile("de.tsv.gz", gzip.compress(text.encode()))
        answer = ward.doctor.post(ward.path("upload/"), {**ABOUT, "file": bomb})
        assert "unpacked" in text_of(answer)
        assert not ExpressionSet.objects.exists()

    def test_the_same_table_at_two_patients_is_a_warning_at_both(self, ward: Ward) -> None:
        row = ward.attached()
        file = SimpleUploadedFile("x.tsv", toy.expression_text().encode())
        ward.colleague.post(ward.path("upload/", of=ward.other), {**ABOUT, "file": file})
        theirs = ExpressionSet.objects.get(patient=ward.other)
        mine = text_of(ward.doctor.get(ward.path(f"data/{row.public_id}/")))
        other = text_of(ward.colleague.get(ward.path(f"data/{theirs.public_id}/", of=ward.other)))
        for said in (mine, other):
            assert "one of the two is wrong" in said
        assert "Otherone" not in mine

    def test_deleting_takes_the_rankings_along(self, ward: Ward) -> None:
        toy.import_both()
        row = ward.attached()
        ward.asked(row)
        assert ward.doctor.post(ward.path(f"data/{row.public_id}/delete/")).status_code == 302
        assert not ExpressionSet.objects.exists() and not RankingRun.objects.exists()
        runs.work(1)


class TestNobodyElse:
    def test_no_page_of_it_is_anothers(self, ward: Ward) -> None:
        toy.import_both()
        row = ward.attached()
        run = ward.asked(row)
        runs.work(run.pk)
        own = ["", f"data/{row.public_id}/", f"runs/{run.public_id}/"]
        own.append(f"runs/{run.public_id}/table.csv")
        for more in own:
            assert ward.doctor.get(ward.path(more)).status_code == 200, more
            assert ward.colleague.get(ward.path(more)).status_code == 404, more
            assert ward.patient.get(ward.path(more)).status_code == 403, more
            assert Client().get(ward.path(more)).status_code == 302, more
            if more:
                # another twin that one may see does not lead there
                swapped = ward.path(more, of=ward.other)
                assert ward.colleague.get(swapped).status_code == 404, more
        posts = ["upload/", "documents/", f"data/{row.public_id}/run/"]
        posts += [f"data/{row.public_id}/delete/", f"runs/{run.public_id}/cancel/"]
        for more in posts:
            assert ward.colleague.post(ward.path(more)).status_code == 404, more
            assert ward.patient.post(ward.path(more)).status_code == 403, more
            if row.public_id.hex in more.replace("-", "") or "runs/" in more:
                swapped = ward.path(more, of=ward.other)
                assert ward.colleague.post(swapped).status_code == 404, more
        assert ExpressionSet.objects.count() == 1

    def test_every_read_is_in_the_audit_log(self, ward: Ward) -> None:
        toy.import_both()
        row = ward.attached()
        run = ward.asked(row)
        runs.work(run.pk)
        AuditEvent.objects.all().delete()
        for more in ("", f"data/{row.public_id}/", f"runs/{run.public_id}/"):
            ward.doctor.get(ward.path(more))
        ward.doctor.get(ward.path(f"runs/{run.public_id}/table.csv"))
        found = AuditEvent.objects.filter(action="read", patient_ids=[ward.mine.pk])
        assert set(found.values_list("what", "detail")) == {
            ("molecular data", ""),
            ("expression", str(row.public_id)),
            ("network ranking", str(run.public_id)),
            ("network ranking table", str(run.public_id)),
        }


class TestRanking:
    def test_the_page_says_what_carries_each_candidate(self, ward: Ward) -> None:
        toy.import_both()
        run = ward.asked(ward.attached(), toy.CENTRALITIES)
        runs.work(run.pk)
        run.refresh_from_db()
        assert run.state == "done" and run.seconds > 0 and run.peak_mib > 10
        ranked = [(d["rank"], d["drug"], d["score"]) for d in run.result["ranked"]]
        assert ranked == [(1, "WIDE", 1.3), (2, "HELPS", 0.9), (3, "HARMS", 0.4)]
        answer = ward.doctor.get(ward.path(f"runs/{run.public_id}/"))
        said = text_of(answer)
        assert "3 of 6 judged drugs are a candidate" in said and "first Wide" in said
        assert "Research only" in said and "HELPS; approved" in said
        assert "WIDE; status not stated" in said
        assert "3 of the 3 remain; the method does not correct" in said
        assert re.search(r"T cell : z −\d\.\d\d, P 0\.0\d+, q 0\.\d+; G0 raised, 1\.50", said)
        # a drug that adds to a change elsewhere says so
        assert "Adds to a change in B cell" in said and "Adds to a change in T cell" in said
        near = said.split("Near, and no candidate")[1].split("Cell types")[0]
        assert "Two-edged" in near and "Vague" in near and "no known counteracting" in near
        apart = said.split("What could not be judged")[1]
        assert "1 drug without a target in the network: OUT" in apart
        assert "X9" in apart and "binder" in apart
        for part in (run.network, run.drugs, run.expression):
            assert part.sha256 in said
        assert "each cell type counts 1" not in said
        # the figure and the table beside it have the same marks
        html = answer.content.decode()
        marks = run.result["ranked"]
        assert html.count('class="mark ') == sum(len(drug["fits"]) for drug in marks)
        assert html.count("z −") >= 2 * html.count('class="mark ')

    def test_the_whole_of_it_leaves_as_a_table(self, ward: Ward) -> None:
        toy.import_both()
        run = ward.asked(ward.attached())
        runs.work(run.pk)
        answer = ward.doctor.get(ward.path(f"runs/{run.public_id}/table.csv"))
        rows = answer.content.decode().splitlines()
        # six drugs in two cell types, one that could not be judged
        assert len(rows) == 1 + 12 + 1 and "OUT" in rows[-1]
        assert {len(row.split(",")) for row in rows} == {18}
        assert "attachment" in answer["Content-Disposition"]
        assert ward.mine.fhir_id not in answer["Content-Disposition"]
        said = text_of(ward.doctor.get(ward.path(f"runs/{run.public_id}/")))
        assert "each cell type counts 1" in said

    def test_what_a_correction_leaves_is_counted(self, ward: Ward) -> None:
        toy.import_both()
        run = ward.asked(ward.attached())
        runs.work(run.pk)
        run.refresh_from_db()
        for drug in run.result["ranked"]:
            for fit in drug["fits"]:
                fit["q"] = 0.01 if drug["drug"] == "HELPS" else 0.2
            drug["status"] = ""
        for drug in run.result["near"]:
            drug["status"] = ""
        run.save()
        said = text_of(ward.doctor.get(ward.path(f"runs/{run.public_id}/")))
        assert "1 of the 3 remains; the method does not correct" in said
        assert "does not say which are approved" in said and "status not stated" not in said

    def test_a_table_that_was_withdrawn_is_told(self, ward: Ward) -> None:
        network, _ = toy.import_both()
        run = ward.asked(ward.attached())
        runs.work(run.pk)
        imports.withdraw(network, now=toy.NOW)
        said = text_of(ward.doctor.get(ward.path(f"runs/{run.public_id}/")))
        assert "toy network, version 1 was withdrawn by this site on 20 Nov 2026" in said

    def test_of_a_twin_that_was_merged(self, ward: Ward) -> None:
        toy.import_both()
        row = ward.attached()
        run = ward.asked(row)
        runs.work(run.pk)
        call_command("merge_patients", "p1", "p2", stdout=io.StringIO())
        # who looks after the whole twin finds it there, and after it is parted nowhere but at its own
        whole = ward.path(f"runs/{run.public_id}/", of=ward.other)
        assert "3 of 6 judged drugs" in text_of(ward.colleague.get(whole))
        assert "one of the two is wrong" not in text_of(ward.colleague.get(whole))
        call_command("merge_patients", "p1", undo=True, stdout=io.StringIO())
        assert ward.colleague.get(whole).status_code == 404
        assert ward.doctor.get(ward.path(f"runs/{run.public_id}/")).status_code == 200

    def test_the_same_ranking_is_there_once_and_another_seed_is_another(self, ward: Ward) -> None:
        toy.import_both()
        row = ward.attached()
        first = ward.asked(row)
        assert ward.asked(row) == first
        runs.work(first.pk)
        done = RankingRun.objects.get()
        assert ward.asked(row) == done
        # done again, it is the same to the last digit
        RankingRun.objects.update(state="running")
        runs.work(first.pk)
        again = RankingRun.objects.get()
        assert again.result == done.result and bytes(again.table) == bytes(done.table)
        second = ward.asked(row, seed="2")
        assert second != first
        assert ward.asked(row, toy.CENTRALITIES, seed="2") != second

    def test_open_rankings_of_a_twin_are_limited_and_cancelled(self, ward: Ward) -> None:
        toy.import_both()
        row = ward.attached()
        asked = [ward.asked(row, seed=str(seed)) for seed in range(runs.MOST_OPEN)]
        assert "rankings of this twin are open" in text_of(ward.ask(row, seed="99"))
        ward.doctor.post(ward.path(f"runs/{asked[0].public_id}/cancel/"))
        runs.work(asked[0].pk)
        asked[0].refresh_from_db()
        assert asked[0].state == "cancelled" and asked[0].result is None
        assert "was cancelled" in text_of(ward.doctor.get(ward.path(f"runs/{asked[0].public_id}/")))
        # cancelled while a worker is at it: it stops, and nothing is stored
        runs._start(asked[1].pk)
        runs.cancel(asked[1], now=timezone.now())
        with pytest.raises(runs.Cancelled):
            runs._progress(asked[1].pk)(1, 2)

    def test_centralities_are_computed_or_refused(self, ward: Ward) -> None:
        toy.import_both()
        row = ward.attached()
        for text, fault in (
            ("cell_type,centrality\nT cell,1\n", "B cell"),
            ("cell_type,centrality\nT cell,1\nB cell,-1\n", "line 3"),
            ("cell,weight\nT cell,1\n", "neither"),
            ("sender,receiver,ligand,activity\nX,Y,TNF,0.5\n", "none of the data set"),
            ("sender,receiver,ligand,activity\nT cell,B cell,TNF,2\n", "not between -1 and 1"),
        ):
            assert fault in text_of(ward.ask(row, text))
        assert not RankingRun.objects.exists()
        run = ward.asked(row, toy.INTERACTIONS)
        # two ligands join T and B cells, one B and mast cells: a path with weights 2 and 1
        assert run.centralities == {
            "B cell": pytest.approx(1.0),
            "T cell": pytest.approx(2 / 5**0.5),
        }
        assert run.centralities_from["others"] == ["Mast cell"]
        assert run.centralities_from["not_active"] == 1

    def test_tables_of_another_system_are_not_offered(self, ward: Ward) -> None:
        toy.import_both()
        text = "cell_type\tgene\tlog_fc\tadjusted_p\nT cell\t7124\t1\t0.01\n"
        ward.upload(text=text, system="entrez")
        row = ExpressionSet.objects.get()
        said = text_of(ward.doctor.get(ward.path(f"data/{row.public_id}/")))
        assert "name genes by ENTREZ. Identifiers are not translated" in said
        assert ward.ask(row).status_code == 200 and not RankingRun.objects.exists()

    def test_what_cannot_be_ranked_fails_with_the_reason(self, ward: Ward) -> None:
        toy.import_both()
        text = "cell_type\tgene\tlog_fc\tadjusted_p\nT cell\tTNF\t1\t0.01\n"
        ward.upload(text=text)
        run = ward.asked(ExpressionSet.objects.get())
        runs.work(run.pk)
        said = text_of(ward.doctor.get(ward.path(f"runs/{run.public_id}/")))
        assert "There is no ranking. no changed gene of any cell type is in the network" in said

    def test_a_ranking_that_never_ends_is_given_up(self, ward: Ward) -> None:
        toy.import_both()
        run = ward.asked(ward.attached())
        RankingRun.objects.update(attempts=runs.MOST_ATTEMPTS)
        runs.work(run.pk)
        run.refresh_from_db()
        assert run.state == "failed" and "perhaps for want of memory" in run.error

    def test_a_fault_of_the_program_is_tried_again_and_told(
        self, ward: Ward, caplog: pytest.LogCaptureFixture
    ) -> None:
        network, _ = toy.import_both()
        run = ward.asked(ward.attached())
        InteractionNetwork.objects.filter(pk=network.pk).update(content=b"no gzip")
        runs.work(run.pk)
        run.refresh_from_db()
        assert run.state == "running" and run.error == "BadGzipFile"
        said = text_of(ward.doctor.get(ward.path(f"runs/{run.public_id}/")))
        assert "it is tried again" in said
        assert "T cell" not in caplog.text

    def test_a_sweep_finds_what_was_lost(self, ward: Ward) -> None:
        toy.import_both()
        run = ward.asked(ward.attached())
        now = timezone.now()
        assert runs.waiting(now=now) == []
        later = now + timedelta(minutes=5)
        assert runs.waiting(now=later) == [run.pk]
        # not at once again: the queue may be long
        assert runs.waiting(now=later) == []


def document(fhir_id: str, text: str, *, subject: str = "p1", **more: Any) -> dict[str, Any]:
    """A DocumentReference with the table inline."""
    attachment = {
        "contentType": "text/tab-separated-values",
        "data": base64.b64encode(text.encode()).decode(),
        "title": f"Expression {fhir_id}",
        **more,
    }
    if "url" in more:
        del attachment["data"]
    return {
        "resourceType": "DocumentReference",
        "id": fhir_id,
        "status": "current",
        "category": [{"coding": [OURS]}],
        "subject": {"reference": f"Patient/{subject}"},
        "content": [
            {
                "attachment": attachment,
                "format": {"system": "urn:twinportal:gene-identifiers", "code": "symbol"},
            }
        ],
    }


class TestDocuments:
    def take(self, ward: Ward, key: str, **more: str) -> Any:
        sent = {f"document-0-{name}": value for name, value in {**ABOUT, **more}.items()}
        return ward.doctor.post(
            ward.path("documents/"), {"document": key, "prefix": "document-0", **sent}
        )

    def test_a_document_is_found_taken_over_and_watched(self, ward: Ward) -> None:
        text = toy.expression_text()
        sha1 = base64.b64encode(
            hashlib.sha1(text.encode(), usedforsecurity=False).digest()
        ).decode()
        push(ward.ehr, document("d1", text, hash=sha1, size=len(text)))
        plain = document("d2", text)
        del plain["category"]
        push(ward.ehr, plain, document("d3", text, subject="p2"))
        answer = ward.doctor.get(ward.path())
        said = text_of(answer)
        assert "1 document of the record holds expression data" in said
        assert '<option value="symbol" selected>' in answer.content.decode()
        assert self.take(ward, "d1/1/0").status_code == 302
        row = ExpressionSet.objects.get()
        assert row.document.fhir_id == "d1" and row.document_version == 1
        assert "Attached already" in text_of(ward.doctor.get(ward.path()))
        # another patient's is not there
        self.take(ward, "d3/1/0")
        assert ExpressionSet.objects.count() == 1
        # the record says something else now
        changed = document("d1", text.replace("1.5", "1.7"))
        push(ward.ehr, changed)
        path = ward.path(f"data/{row.public_id}/")
        assert "was changed since they were taken over" in text_of(ward.doctor.get(path))
        changed["subject"]["reference"] = "Patient/p2"
        push(ward.ehr, changed)
        assert "belongs to another patient now" in text_of(ward.doctor.get(path))
        ward.ehr.delete("/fhir/DocumentReference/d1")
        assert "was deleted from the record" in text_of(ward.doctor.get(path))

    def test_a_version_that_the_page_did_not_show_is_not_taken(self, ward: Ward) -> None:
        push(ward.ehr, document("d1", toy.expression_text()))
        push(ward.ehr, document("d1", toy.expression_text(more="B cell\tG9\t1\t0.01\n")))
        self.take(ward, "d1/1/0")
        assert not ExpressionSet.objects.exists()

    def test_a_binary_of_this_server_and_of_this_patient(self, ward: Ward) -> None:
        text = toy.expression_text()
        binary = {
            "resourceType": "Binary",
            "id": "b1",
            "contentType": "text/csv",
            "securityContext": {"reference": "Patient/p1"},
            "data": base64.b64encode(text.encode()).decode(),
        }
        theirs = {**binary, "id": "b2", "securityContext": {"reference": "Patient/p2"}}
        push(ward.ehr, binary, theirs)
        for name, url, fault in (
            ("d2", "Binary/b2", "belongs to another patient"),
            ("d3", "Binary/b3", "is not in the record"),
        ):
            push(ward.ehr, document(name, "", url=url))
            assert fault in text_of(self.take(ward, f"{name}/1/0"))
        assert not ExpressionSet.objects.exists()
        push(ward.ehr, document("d1", "", url="Binary/b1"))
        assert self.take(ward, "d1/1/0").status_code == 302
        assert ExpressionSet.objects.get().cell_types[0]["name"] == "B cell"

    def test_what_is_not_read_says_why(self, ward: Ward) -> None:
        text = toy.expression_text()
        push(
            ward.ehr,
            document("d1", text, contentType="application/pdf"),
            document("d2", "", url="https://elsewhere.example/x.csv"),
            document("d3", text, hash="2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
            document("d4", "gene\n"),
        )
        said = text_of(ward.doctor.get(ward.path()))
        assert "application/pdf: only text/csv" in said and "it is not fetched" in said
        assert "(hash)" in text_of(self.take(ward, "d3/1/0"))
        assert "needs one column" in text_of(self.take(ward, "d4/1/0"))
        assert "application/pdf" in text_of(self.take(ward, "d1/1/0"))
        assert not ExpressionSet.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.worker
def test_a_killed_worker_is_followed_by_another(
    ward: Ward, start_worker: Callable[..., Worker]
) -> None:
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_purge("molecular")
    toy.import_both()
    run = ward.asked(ward.attached())
    # the worker says that it begins, and then waits for the network: there it is killed
    with psycopg.connect(database_url()) as blocker:
        blocker.execute("LOCK TABLE molecular_interactionnetwork IN ACCESS EXCLUSIVE MODE")
        worker = start_worker(queues="molecular")
        wait_until(lambda: _state(run) == "running", "a worker begins")
        worker.kill()
        blocker.rollback()
    assert _state(run) == "running"
    RankingRun.objects.update(worked_at=timezone.now() - timedelta(minutes=5))
    start_worker(queues="molecular,celery")
    tasks.sweep_molecular.delay()
    wait_until(lambda: _state(run) == "done", "another worker does it")
    run.refresh_from_db()
    assert run.attempts == 2 and run.done == run.total == 2
    assert [d["drug"] for d in run.result["ranked"]] == ["WIDE", "HARMS", "HELPS"]
    part = ward.doctor.get(ward.path(f"runs/{run.public_id}/"), headers={"HX-Request": "true"})
    assert part["HX-Refresh"] == "true"
    assert json.dumps(run.result).count("Mine") == 0


def _state(run: RankingRun) -> str:
    return RankingRun.objects.values_list("state", flat=True).get(pk=run.pk)


def test_systems_have_the_names_that_the_commands_take() -> None:
    assert {s for s, _ in InteractionNetwork._meta.get_field("system").choices} == {
        s.name.lower() for s in GeneSystem
    }
