"""Codes of genetic results, and the spellings of their values that are read.

The table is `concepts/genotype_codes.csv`: [S] code and name were seen together in HL7's genomics
guides or in a public table of codes, [M] from general knowledge and not yet verified. LOINC has a
code of its own for some genes; else the gene is a component, or stands in the value. A value that
is spelled in no way that is listed here is kept and marked, never guessed.
"""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from patients.terminology import tables
from patients.terminology.codings import Code, code_in

Role = Literal["genotype", "phenotype", "allele", "gene", "source"]
GENE = re.compile(r"(?:[A-Z][A-Z0-9]{1,9})(?:-[A-Z0-9]{1,6})?")
# "*1", "*2A", "*17", "*1x2", "*1xN", "*57:01", "*36+*10"
_ALLELE = r"\*\d{1,3}[A-Z]?(?:[:.]\d{2,3})*(?:x(?:\d{1,2}|N))?"
_STAR = re.compile(rf"({_ALLELE}(?:\+{_ALLELE})*)(?:/({_ALLELE}(?:\+{_ALLELE})*))?")
_SITE = re.compile(r"rs\d{2,12} ?[ACGT-]{1,3}/[ACGT-]{1,3}")
_METABOLIZERS = ("ultrarapid", "rapid", "normal", "intermediate", "poor")
_FUNCTIONS = ("increased", "normal", "decreased", "poor")
_ANSWERS = {
    "LA10315-2": "ultrarapid metabolizer",
    "LA25390-8": "rapid metabolizer",
    "LA25391-6": "normal metabolizer",
    "LA10316-0": "normal metabolizer",
    "LA10317-8": "intermediate metabolizer",
    "LA9657-3": "poor metabolizer",
    "LA6576-8": "positive",
    "LA6577-6": "negative",
    "LA9633-4": "positive",
    "LA9634-2": "negative",
}
SOMATIC = "LA6684-0"
_WORDS = {
    **{f"{kind} metabolizer": f"{kind} metabolizer" for kind in _METABOLIZERS},
    **{f"{kind} function": f"{kind} function" for kind in _FUNCTIONS},
    "extensive metabolizer": "normal metabolizer",
    "ultra-rapid metabolizer": "ultrarapid metabolizer",
    **dict.fromkeys(("positive", "present", "detected"), "positive"),
    **dict.fromkeys(("negative", "absent", "not detected"), "negative"),
}
PRESENCE = frozenset({"positive", "negative"})


class GenotypeCode(NamedTuple):
    """What a code is about; `gene` and `allele` are empty where the code does not name them."""

    role: str
    gene: str
    allele: str
    display: str


def _codes() -> Mapping[Code, GenotypeCode]:
    found: dict[Code, GenotypeCode] = {}
    for row in tables.rows("genotype_codes", "code,role,gene,allele,display,evidence"):
        code = code_in("loinc", row["code"])
        if code in found:
            raise ValueError(f"genotype_codes.csv: {code} twice")
        found[code] = GenotypeCode(row["role"], row["gene"], row["allele"], row["display"])
    return found


_CODES = _codes()


def genotype_code(code: Code) -> GenotypeCode | None:
    """What a code of an Observation or of one of its components says about a gene."""
    return _CODES.get(code)


def gene_in(text: str) -> str:
    """The gene that a text names in full ("CYP2C9"); "" if it is anything else."""
    text = text.strip()
    return text if GENE.fullmatch(text) else ""


def split_gene(text: str) -> tuple[str, str]:
    """The gene that a genotype begins with, and the rest: ("CYP2C9", "*1/*3")."""
    found = re.match(rf"({GENE.pattern})(?=\s|\*|$)", text.strip())
    if found is None:
        return "", text.strip()
    gene = found[1]
    return gene, text.strip().replace(gene, "").strip()


def diplotype_in(text: str) -> str:
    """One spelling of a genotype: "*1/*2" also for "*2 / *1"; "" if it is none that is read."""
    joined = re.sub(r"\s*([/+])\s*", r"\1", text.strip())
    if _SITE.fullmatch(joined):
        return joined
    found = _STAR.fullmatch(joined)
    if found is None:
        return ""
    alleles = [allele for allele in found.groups() if allele]
    return "/".join(sorted(alleles, key=_by_number))


def _by_number(allele: str) -> tuple[int, str]:
    return int(re.findall(r"\d+", allele)[0]), allele


def phenotype_in(text: str, code: str = "") -> str:
    """ "poor metabolizer", "decreased function", "positive" ...; "" if it is none that is read."""
    if code in _ANSWERS:
        return _ANSWERS[code]
    words = re.sub(r"\s+", " ", text.casefold().replace("metaboliser", "metabolizer")).strip()
    return _WORDS.get(words, "")
