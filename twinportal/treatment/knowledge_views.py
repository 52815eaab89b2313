"""The rows of the knowledge base: what they say, for whom, from where, and how sure we are."""

from collections import Counter
from dataclasses import fields
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from models_engine.catalogue.treatment.knowledge.criteria import Criteria
from models_engine.catalogue.treatment.knowledge.schema import (
    EVIDENCE_TEXT,
    SEVERITY_TEXT,
    TABLES,
    Source,
)
from models_engine.treatment_knowledge import treatment_knowledge
from twinportal.dashboards.access import role_required

TITLES = {
    "sources": "Sources that were opened",
    "classes": "Classes of medicines",
    "ingredients": "Ingredients",
    "options": "Options of treatment",
    "event_effects": "Effects on events",
    "baselines": "Control groups of trials",
    "harms": "Harms",
    "outcomes": "Outcomes and their starting weights",
    "recommendations": "What guidelines say",
    "contraindications": "Contraindications",
    "dosing": "Doses by kidney function",
    "interactions": "Interactions",
    "allergies": "Allergies and cross-reactivity",
    "pharmacogenomics": "Pharmacogenomics",
    "alleles": "Alleles",
    "monitoring": "What to measure",
    "deprescribing": "Reasons to review a medicine",
}
SHOWN_APART = {"id", "says", "population", "source", "evidence", "reviewed"}


@require_safe
@role_required("clinician", "steward")
def index(request: HttpRequest) -> HttpResponse:
    """Every table with its number of rows by evidence."""
    tables = [
        {
            "name": name,
            "title": TITLES[name],
            "rows": len(rows),
            "tags": sorted(Counter(getattr(r, "evidence", "") for r in rows.values()).items()),
        }
        for name, rows in treatment_knowledge().tables.items()
    ]
    context = {"tables": tables, "evidence": EVIDENCE_TEXT}
    return render(request, "treatment/knowledge.html", context)


@require_safe
@role_required("clinician", "steward")
def table(request: HttpRequest, name: str) -> HttpResponse:
    """One table: every row in short."""
    if name not in TABLES:
        raise Http404
    only = request.GET.get("unverified") == "1"
    rows = [
        {"id": row.id, "says": _short(row), "evidence": getattr(row, "evidence", "")}
        for row in treatment_knowledge().tables[name].values()
        if not only or getattr(row, "evidence", "") == "M"
    ]
    context = {
        "name": name,
        "title": TITLES[name],
        "rows": rows,
        "only": only,
        "evidence": EVIDENCE_TEXT,
    }
    return render(request, "treatment/knowledge_table.html", context)


@require_safe
@role_required("clinician", "steward")
def row(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """One row, whole, with the words of its sources."""
    knowledge = treatment_knowledge()
    found = knowledge.tables.get(name, {}).get(key)
    if found is None:
        raise Http404
    sources = knowledge.by_id(Source)
    replaced = [r for r in knowledge.replacements if (r.table, r.after.id) == (name, key)]
    cells = [
        (field.name.replace("_", " "), _shown(getattr(found, field.name)))
        for field in fields(found)
        if field.name not in SHOWN_APART
    ]
    context = {
        "name": name,
        "title": TITLES[name],
        "row": found,
        "is_own": knowledge.is_own(name, key),
        "changes": [text for one in replaced for text in one.changes],
        "is_weaker": any(one.weakenings for one in replaced),
        "cells": [(label, text) for label, text in cells if text],
        "sources": [sources[one] for one in getattr(found, "source", ()) if one in sources],
        "evidence_text": EVIDENCE_TEXT.get(getattr(found, "evidence", ""), ""),
        "severity_text": SEVERITY_TEXT.get(getattr(found, "severity", ""), ""),
    }
    return render(request, "treatment/knowledge_row.html", context)


def _short(found: Any) -> str:
    for name in ("says", "quote", "label", "plain_label", "function"):
        if text := getattr(found, name, ""):
            return str(text)
    return str(found.id)


def _shown(value: Any) -> str:
    if value is None or value == "" or value == ():
        return ""
    if isinstance(value, Criteria):
        return value.text
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
