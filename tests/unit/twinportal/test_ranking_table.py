"""The CSV of a ranking opens in a spreadsheet as text and numbers, never as a formula."""

import csv
import gzip
import io

from models_engine.catalogue.treatment.network.ranking import Settings, rank_drugs
from tests.spec.network.builders import expression, network, targets
from twinportal.molecular.rendering import COLUMNS, packed_table, result_of


def test_names_that_look_like_formulas_are_text() -> None:
    graph = network([("A", "B"), ("B", "C"), ("C", "D"), ("D", "E"), ("B", "F")])
    drugs = targets({"=1+1": {"C": "inhibitor"}, "@far": {"X": "agonist"}})
    found = rank_drugs(graph, drugs, expression({"-cells": {"C": 1.0}}), Settings(seed=1, draws=20))
    text = gzip.decompress(packed_table(found, {"=1+1": "+approved"})).decode()
    judged, not_judged = csv.DictReader(io.StringIO(text))
    assert tuple(judged) == COLUMNS
    assert (judged["drug"], judged["status"], judged["cell_type"]) == (
        "'=1+1",
        "'+approved",
        "'-cells",
    )
    # numbers stay numbers, to the last digit, the negative too
    (fit,) = (*found.ranked, *found.others)[0].fits
    assert float(judged["z"]) == fit.z and fit.z < 0
    assert float(judged["distance"]) == fit.distance == 0
    assert not_judged["drug"] == "'@far"
    assert not_judged["why_not_judged"] == "no target in the network"
    assert result_of(found, {})["not_judged"] == ["@far"]
