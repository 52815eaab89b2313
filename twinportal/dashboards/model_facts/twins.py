"""The facts of the mechanistic twins: a line in the list of models, a page and a document each."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from models_engine.catalogue.mechanistic.twin_facts import TwinFacts, twin_document
from models_engine.catalogue.mechanistic.twins import TWINS
from twinportal.dashboards.access import role_required
from twinportal.dashboards.model_facts.documents import READERS, document_answer

# section, then the keys of its texts with the words before them
SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "For whom and for what",
        (
            ("purpose", "For"),
            ("population", "For whom"),
            ("not_for", "Not for"),
            ("output", "Output"),
            ("used_on", "Used on"),
        ),
    ),
    (
        "What can go wrong",
        (("uncertainty", "Uncertainty"), ("limits", "Limits")),
    ),
)


class TwinLine:
    """A mechanistic twin as the list of models shows it."""

    def __init__(self, twin: TwinFacts) -> None:
        self.id, self.version, self.title = twin.id, twin.version, twin.title
        self.purpose, self.population = twin.purpose, twin.population
        self.inputs = ", ".join(i.label for i in twin.inputs)
        self.evidence = [
            {"count": row["parameters"], "text": row["text"]}
            for row in twin_document(twin)["evidence"]
        ]


def twin_lines() -> list[TwinLine]:
    """All of them, in the order of their pages."""
    return [TwinLine(twin) for twin in TWINS.values()]


@role_required(*READERS)
def twin_facts(request: HttpRequest, twin_id: str) -> HttpResponse:
    """All facts of one twin; its known values are computed now."""
    document = _document(twin_id)
    context = {
        "doc": document,
        "sections": [
            (title, [(words, document[key]) for key, words in rows]) for title, rows in SECTIONS
        ],
        "agree": all(row["agrees"] for row in document["checks"]),
        "checks": [
            {**row, "ours": f"{row['computed']:.6g}", "known": f"{row['expected']:.6g}"}
            for row in document["checks"]
        ],
    }
    return render(request, "models/twin.html", context)


@role_required(*READERS)
def twin_facts_json(request: HttpRequest, twin_id: str) -> HttpResponse:
    """The same facts for machines."""
    return document_answer(request, _document(twin_id))


def _document(twin_id: str) -> dict[str, Any]:
    if twin_id not in TWINS:
        raise Http404
    return twin_document(TWINS[twin_id])
