"""From a diplotype to CPIC's words for what the gene does, by the table of alleles.

Written after CPIC's standard terms [M]. A gene that is scored goes by the sum of its two alleles;
others by what each allele does. An allele that the table does not know gives no phenotype, nor
one whose function is uncertain unless CPIC has a word for the pair: nothing is guessed.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import Allele

NORMAL, INCREASED, DECREASED, NONE, UNCERTAIN = (
    "normal function",
    "increased function",
    "decreased function",
    "no function",
    "uncertain function",
)
POOR, INTERMEDIATE = "poor metabolizer", "intermediate metabolizer"
NORMAL_METABOLIZER, ULTRARAPID = "normal metabolizer", "ultrarapid metabolizer"
# the least score of each phenotype
SCORED: Mapping[str, tuple[tuple[float, str], ...]] = {
    "CYP2D6": (
        (2.26, ULTRARAPID),
        (1.25, NORMAL_METABOLIZER),
        (0.25, INTERMEDIATE),
        (0.0, POOR),
    ),
    "CYP2C9": ((2.0, NORMAL_METABOLIZER), (1.0, INTERMEDIATE), (0.0, POOR)),
    "DPYD": ((2.0, NORMAL_METABOLIZER), (1.0, INTERMEDIATE), (0.0, POOR)),
}
_PAIRS: Mapping[str, Mapping[tuple[str, str], str]] = {
    "CYP2C19": {
        (INCREASED, INCREASED): ULTRARAPID,
        (INCREASED, NORMAL): "rapid metabolizer",
        (NORMAL, NORMAL): NORMAL_METABOLIZER,
        (NONE, NORMAL): INTERMEDIATE,
        (INCREASED, NONE): INTERMEDIATE,
        (NONE, NONE): POOR,
        (DECREASED, NORMAL): "likely intermediate metabolizer",
        (DECREASED, INCREASED): "likely intermediate metabolizer",
        (DECREASED, DECREASED): "likely intermediate metabolizer",
        (DECREASED, NONE): "likely poor metabolizer",
    },
    "SLCO1B1": {
        (INCREASED, INCREASED): INCREASED,
        (INCREASED, NORMAL): NORMAL,
        (NORMAL, NORMAL): NORMAL,
        (NONE, NORMAL): DECREASED,
        (INCREASED, NONE): DECREASED,
        (DECREASED, NORMAL): DECREASED,
        (DECREASED, INCREASED): DECREASED,
        (NONE, NONE): "poor function",
        (DECREASED, NONE): "poor function",
        (DECREASED, DECREASED): "poor function",
        (NONE, UNCERTAIN): "possible decreased function",
    },
    **{
        gene: {
            (NORMAL, NORMAL): NORMAL_METABOLIZER,
            (NONE, NORMAL): INTERMEDIATE,
            (NONE, NONE): POOR,
            (NONE, UNCERTAIN): "possible intermediate metabolizer",
        }
        for gene in ("TPMT", "NUDT15")
    },
    "CYP3A5": {
        (NORMAL, NORMAL): NORMAL_METABOLIZER,
        (NONE, NORMAL): INTERMEDIATE,
        (NONE, NONE): POOR,
        (NORMAL, UNCERTAIN): "possible intermediate metabolizer",
    },
    "UGT1A1": {
        (NORMAL, NORMAL): NORMAL_METABOLIZER,
        (INCREASED, NORMAL): NORMAL_METABOLIZER,
        (DECREASED, NORMAL): INTERMEDIATE,
        (DECREASED, DECREASED): POOR,
    },
    "ABCG2": {
        (NORMAL, NORMAL): NORMAL,
        (DECREASED, NORMAL): DECREASED,
        (DECREASED, DECREASED): "poor function",
    },
}
_DIPLOTYPE = re.compile(r"\s*([^/|]+?)\s*[/|]\s*([^/|]+?)\s*")
_COPIES = re.compile(r"(.+?)x(\d)")


def phenotype_of(gene: str, diplotype: str, knowledge: Knowledge) -> str:
    """CPIC's phenotype of "*1/*2", in lower case; empty where it cannot be told."""
    match = _DIPLOTYPE.fullmatch(diplotype.replace(gene, ""))
    if match is None:
        return ""
    known, pair = _alleles(knowledge), (match[1], match[2])
    if gene in SCORED:
        return _scored(gene, pair, known)
    found = [known.get((gene, name)) for name in pair]
    functions = sorted(one.function.strip().lower() for one in found if one is not None)
    if len(functions) != len(pair):
        return ""
    return _PAIRS.get(gene, {}).get((functions[0], functions[1]), "")


def _scored(gene: str, pair: tuple[str, str], known: Mapping[tuple[str, str], Allele]) -> str:
    total = 0.0
    for name in pair:
        copies = _COPIES.fullmatch(name)
        allele = known.get((gene, copies[1] if copies else name))
        if allele is None or allele.activity is None:
            return ""
        total += allele.activity * (int(copies[2]) if copies else 1)
    return next(words for least, words in SCORED[gene] if total >= least)


@lru_cache(maxsize=4)
def _alleles(knowledge: Knowledge) -> Mapping[tuple[str, str], Allele]:
    return {(row.gene, row.allele): row for row in knowledge.rows(Allele)}
