"""Genetic results -> facts, and the genotypes of a person for those who choose a drug.

A result is a fact of the concept `genotype:CYP2C19` (value code "*1/*2", alleles in one order) or
`phenotype:CYP2C19` (value code "poor metabolizer"), an HLA allele one of `phenotype:HLA-B*57:01`
("positive" or "negative"). `raw_value` is what was sent. A result whose gene or value cannot be
read, and one of a tumour, is `genotype_unreadable`: shown, and never used. No phenotype is worked
out from a genotype here.

A germline genotype does not change: results that differ are a contradiction, whatever their dates.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from patients.record.drafts import FactDraft, Kind
from patients.record.elements import Coding, Json, child, children, codings, shown, text
from patients.record.judgement import FINE, Judgement, settled, unclassified, verify
from patients.record.moments import period_or_instant
from patients.record.observation_facts import STATUS
from patients.record.state import State
from patients.record.value import Value
from patients.terminology.genes import (
    PRESENCE,
    SOMATIC,
    GenotypeCode,
    diplotype_in,
    gene_in,
    genotype_code,
    phenotype_in,
    split_gene,
)

UNREADABLE = "genotype_unreadable"
GENOTYPE, PHENOTYPE = "genotype:", "phenotype:"


@dataclass(frozen=True, slots=True)
class Genotype:
    """What is known of one gene, or of one HLA allele (`gene` "HLA-B", `diplotype` "*57:01",
    `phenotype` "positive" or "negative").

    `diplotype` and `phenotype` are empty when they are not known, and when results contradict
    each other, which `doubt` then says. `reference` is the newest result.
    """

    gene: str
    diplotype: str
    phenotype: str
    reference: Value
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a result says: of which concept, in which code; unreadable without a concept."""

    concept: str
    value: str
    why_not: str = ""


def genotype_facts(resource: Json) -> Iterator[FactDraft]:
    """At most one draft: an Observation is about one gene, or it is not readable."""
    code = child(resource, "code")
    about = _about(code)
    if about is None:
        return
    coding, meant = about
    at, _ = period_or_instant(resource, "effective")
    raw = _raw(resource, meant)
    read = _read(resource, meant, raw)
    status = text(resource, "status")
    judgement = settled(
        STATUS.get(status, verify(f"status {status or 'not sent'}")),
        _whose(resource),
        unclassified(read.why_not) if read.why_not else FINE,
        FINE if at else verify("no date: counted from the day it reached us"),
    )
    yield FactDraft(
        path="Observation",
        concept=read.concept or UNREADABLE,
        kind=Kind.GENOTYPE,
        quality=judgement.quality,
        value_code=read.value,
        raw_value=raw[0],
        system=coding.system,
        code=coding.code,
        display=shown(code, coding, meant.display),
        effective_at=at.at if at else None,
        effective_precision=at.precision if at else "",
        reason=judgement.reason,
    )


def _about(code: Json) -> tuple[Coding, GenotypeCode] | None:
    """The first coding of a result; one that names its gene before one that does not."""
    found = [
        (coding, meant)
        for coding in codings(code)
        if coding.known and (meant := genotype_code(coding.known))
    ]
    results = [pair for pair in found if pair[1].role in ("genotype", "phenotype", "allele")]
    return min(results, key=lambda pair: not pair[1].gene, default=None)


def _whose(resource: Json) -> Judgement:
    if children(resource, "focus"):
        return unclassified("about something else than the patient (focus)")
    sources = {coding.code for part in _parts(resource, "source") for coding in _answers(part)}
    if SOMATIC in sources:
        return unclassified("of a tumour (somatic), not of the person")
    return FINE


def _parts(resource: Json, role: str) -> list[Json]:
    """Components whose code has the role."""
    return [
        part
        for part in children(resource, "component")
        if any(
            (meant := genotype_code(coding.known)) and meant.role == role
            for coding in codings(child(part, "code"))
            if coding.known
        )
    ]


def _answers(holder: Json) -> Iterator[Coding]:
    yield from codings(child(holder, "valueCodeableConcept"))


def _raw(resource: Json, meant: GenotypeCode) -> tuple[str, tuple[str, ...]]:
    """The value as sent, and its codes. A phenotype may be in a component of its own."""
    holder = resource
    if meant.role == "phenotype" and not child(resource, "valueCodeableConcept"):
        holder = next(iter(_parts(resource, "phenotype")), resource)
    concept = child(holder, "valueCodeableConcept")
    sent = list(codings(concept))
    words = text(holder, "valueString") or text(concept, "text")
    shown_as = (sent[0].display or sent[0].code) if sent else ""
    return shown_as or words, tuple(coding.code for coding in sent)


def _read(resource: Json, meant: GenotypeCode, raw: tuple[str, tuple[str, ...]]) -> _Read:
    sent, codes = raw
    # a result that is read as it stands does not begin with a gene: "POOR METABOLIZER"
    is_whole = bool(phenotype_in(sent, sent))
    in_value, rest = ("", sent) if is_whole else split_gene(sent)
    genes = {gene for gene in (meant.gene, in_value, *_genes(resource)) if gene}
    if not sent and not codes:
        return _Read("", "", "it has no value")
    if len(genes) != 1:
        why = f"it names several genes: {', '.join(sorted(genes))}" if genes else "no gene is named"
        return _Read("", "", why)
    gene = genes.pop()
    if meant.role == "genotype":
        value = diplotype_in(rest)
        why = "" if value else "the genotype is spelled in no way that is read here"
        return _Read(f"{GENOTYPE}{gene}" if value else "", value, why)
    found = {p for one in ("", *codes) if (p := phenotype_in(rest, one))}
    if len(found) != 1 or (meant.role == "allele") != (found <= PRESENCE):
        return _Read("", "", "the result is spelled in no way that is read here")
    return _Read(f"{PHENOTYPE}{gene}{meant.allele}", found.pop())


def _genes(resource: Json) -> Iterator[str]:
    for part in _parts(resource, "gene"):
        concept = child(part, "valueCodeableConcept")
        names = [name for c in _answers(part) for name in (c.display, c.code)]
        named = (gene_in(name) for name in (*names, text(concept, "text")))
        if found := next((gene for gene in named if gene and not gene.startswith("HGNC")), ""):
            yield found


def genotypes_of(state: State) -> tuple[Genotype, ...]:
    """What the usable results say, by gene. Those that were not read are in `unread_genotypes`."""
    by_gene: defaultdict[str, dict[str, tuple[Value, ...]]] = defaultdict(dict)
    for concept, values in state.values.items():
        kind, _, gene = concept.partition(":")
        if values and values[0].kind == Kind.GENOTYPE:
            by_gene[gene][f"{kind}:"] = values
    return tuple(_genotype(gene, found) for gene, found in sorted(by_gene.items()))


def unread_genotypes(state: State) -> tuple[Value, ...]:
    """Genetic results that were sent and say nothing here, newest first, with the reason."""
    return state.not_used.get(UNREADABLE, ())


def _genotype(name: str, found: dict[str, tuple[Value, ...]]) -> Genotype:
    gene, star, allele = name.partition("*")
    newest = max((v for values in found.values() for v in values), key=lambda v: v.effective_at)
    doubts = [doubt for values in found.values() if (doubt := _contradiction(values))]
    if doubts:
        return Genotype(gene, "", "", newest, "; ".join(doubts))
    diplotype = found[GENOTYPE][0].code if GENOTYPE in found else f"{star}{allele}"
    phenotype = found[PHENOTYPE][0].code if PHENOTYPE in found else ""
    return Genotype(gene, diplotype, phenotype, newest)


def _contradiction(values: tuple[Value, ...]) -> str:
    if len({value.code for value in values}) < 2:
        return ""
    said = (f"{v.code} ({v.resource_type}/{v.resource_id})" for v in values)
    return f"results differ: {'; '.join(dict.fromkeys(said))}"
