"""What was sent about a gene (a diplotype, or a phenotype in words) -> CPIC's phenotype, or why not.

Allele functions and activity values are those of the table of alleles; the tables below say what two
functions together mean, as CPIC's diplotype tables have it (read in PharmCAT). Nothing is guessed: an
allele that is not in the table, a number of copies that is not told or a single allele gives a reason.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models_engine.catalogue.treatment.knowledge.schema import Allele

Alleles = Mapping[tuple[str, str], Allele]
RISK = "risk allele"
SCORED = frozenset({"CYP2D6", "CYP2C9", "DPYD"})
_FUNCTIONS = frozenset(
    f"{word} function"
    for word in ("poor", "decreased", "possible decreased", "normal", "increased")
)
_THREE = frozenset(f"{word} metabolizer" for word in ("poor", "intermediate", "normal"))
# what may be told of a gene in words
PHENOTYPES: Mapping[str, frozenset[str]] = {
    "CYP2C19": _THREE
    | {"rapid metabolizer", "ultrarapid metabolizer"}
    | {"likely intermediate metabolizer", "likely poor metabolizer"},
    "CYP2D6": _THREE | {"ultrarapid metabolizer"},
    "CYP2C9": _THREE,
    "DPYD": _THREE,
    "TPMT": _THREE | {"possible intermediate metabolizer"},
    "NUDT15": _THREE | {"possible intermediate metabolizer"},
    "UGT1A1": _THREE,
    "CYP3A5": _THREE | {"possible intermediate metabolizer", "expresser"},
    "SLCO1B1": _FUNCTIONS,
    "ABCG2": _FUNCTIONS - {"increased function", "possible decreased function"},
    "G6PD": frozenset({"normal", "deficient", "deficient with cnsha", "variable"}),
}
# older and other words for the same, before they are compared
_WORDS = (
    (re.compile(r"metaboli[sz](?:er|ers|ation|m|ing)\b"), "metabolizer"),
    (re.compile(r"\bultra[- ]?rapid\b|\bultrafast\b"), "ultrarapid"),
    (re.compile(r"\bextensive\b"), "normal"),
    (re.compile(r"\bnon-?expresser\b"), "poor metabolizer"),
    (re.compile(r"\bexpress(?:e|o)r\b"), "expresser"),
    (re.compile(r"\bdeficiency\b"), "deficient"),
)
_OLD_FUNCTIONS = {"intermediate function": "decreased function", "low function": "poor function"}

NO, LESS, NORMAL, MORE, UNSURE = (
    "no function",
    "decreased function",
    "normal function",
    "increased function",
    "uncertain function",
)


def _pairs(*rows: tuple[str, str, str]) -> Mapping[frozenset[str], str]:
    return MappingProxyType({frozenset((one, other)): text for one, other, text in rows})


_THIOPURINE = _pairs(
    (NORMAL, NORMAL, "normal metabolizer"),
    (NORMAL, NO, "intermediate metabolizer"),
    (NO, NO, "poor metabolizer"),
    (NO, UNSURE, "possible intermediate metabolizer"),
)
# two functions -> phenotype; a pair that is not named is indeterminate
BY_FUNCTION: Mapping[str, Mapping[frozenset[str], str]] = {
    "CYP2C19": _pairs(
        (MORE, MORE, "ultrarapid metabolizer"),
        (MORE, NORMAL, "rapid metabolizer"),
        (NORMAL, NORMAL, "normal metabolizer"),
        (NORMAL, NO, "intermediate metabolizer"),
        (MORE, NO, "intermediate metabolizer"),
        (NO, NO, "poor metabolizer"),
        (LESS, NORMAL, "likely intermediate metabolizer"),
        (LESS, MORE, "likely intermediate metabolizer"),
        (LESS, LESS, "likely intermediate metabolizer"),
        (LESS, NO, "likely poor metabolizer"),
    ),
    "SLCO1B1": _pairs(
        (MORE, MORE, "increased function"),
        (MORE, NORMAL, "normal function"),
        (NORMAL, NORMAL, "normal function"),
        (NORMAL, NO, "decreased function"),
        (MORE, NO, "decreased function"),
        (NO, NO, "poor function"),
        (NO, UNSURE, "possible decreased function"),
    ),
    "TPMT": _THIOPURINE,
    "NUDT15": _THIOPURINE,
    "CYP3A5": _pairs(
        (NORMAL, NORMAL, "normal metabolizer"),
        (NORMAL, NO, "intermediate metabolizer"),
        (NO, NO, "poor metabolizer"),
        (NORMAL, UNSURE, "possible intermediate metabolizer"),
    ),
    "UGT1A1": _pairs(
        (NORMAL, NORMAL, "normal metabolizer"),
        (NORMAL, MORE, "normal metabolizer"),
        (MORE, MORE, "normal metabolizer"),
        (NORMAL, LESS, "intermediate metabolizer"),
        (MORE, LESS, "intermediate metabolizer"),
        (LESS, LESS, "poor metabolizer"),
    ),
    "ABCG2": _pairs(
        (NORMAL, NORMAL, "normal function"),
        (NORMAL, LESS, "decreased function"),
        (LESS, LESS, "poor function"),
    ),
}
# one variant told as two bases stands for two alleles: gene -> (pattern, base -> allele)
_BASES: Mapping[str, tuple[re.Pattern[str], Mapping[str, str]]] = {
    "SLCO1B1": (
        re.compile(r"(?:rs4149056|c\.521t>c|c\.521|521t>c)[ :]*([tc])[/|]?([tc])"),
        {"t": "*1", "c": "*5"},
    ),
    "ABCG2": (
        re.compile(r"(?:rs2231142)[ :]*([gt])[/|]?([gt])"),
        {"g": "rs2231142 G", "t": "rs2231142 T"},
    ),
    "UGT1A1": (
        re.compile(r"\(?ta\)?_?([5678])[/|]\(?ta\)?_?([5678])"),
        {"5": "*36", "6": "*1", "7": "*28", "8": "*37"},
    ),
}
_VKORC1 = re.compile(r"(?:-1639(?:g>a)?)[ :]*([ga])[/|]?([ga])|rs9923231[ :]*([ct])[/|]?([ct])")
_COPIES = re.compile(r"(\*[0-9]+[a-z]?)(?:x(≥|>=)?([0-9]+|n))?", re.IGNORECASE)
# "c.1905+1G>A (*2A)" names one allele twice
_STAR = re.compile(r" *\(\*[0-9]+[A-Z]?\)$")
_SUBALLELE = re.compile(r"\.[0-9]{3}$")
_HLA_ALLELE = re.compile(r"\*?([0-9]{2,3}):([0-9]{2,3})(?::[0-9]{2,3})*[A-Z]?")


@dataclass(frozen=True)
class Phenotype:
    """`text` is CPIC's phenotype in lower case; without one `reason` says why.

    `score` is the activity score of a gene that has one; "at least" so much where copies were
    told as "3 or more".
    """

    gene: str
    text: str | None
    reason: str = ""
    score: float | None = None


def alleles_by_name(rows: Iterable[Allele]) -> Alleles:
    """The table of alleles by gene and name."""
    return {(one.gene, one.allele): one for one in rows}


def phenotypes(gene: str, told: str, alleles: Alleles) -> tuple[Phenotype, ...]:
    """What `told` says of `gene`. One for most genes; for an HLA gene one for each risk allele told.

    `gene` may hold an HLA allele ("HLA-B*57:01" told "positive").
    """
    gene, text = _gene_of(gene, told)
    if gene.startswith("HLA-"):
        return _hla(gene, text, alleles)
    if gene == "VKORC1":
        return (_vkorc1(text),)
    if gene not in PHENOTYPES:
        return (Phenotype(gene, None, f"{gene} is not one of the genes that rules speak of"),)
    return (in_words(gene, text) or diplotype(gene, text, alleles),)


def in_words(gene: str, told: str) -> Phenotype | None:
    """A phenotype told in words, else None. "Extensive" is the older word for normal."""
    text = re.sub(r"\s+", " ", told.casefold().replace("_", " ")).strip(" .")
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    if gene in ("SLCO1B1", "ABCG2"):
        text = _OLD_FUNCTIONS.get(text, text)
    if text in ("indeterminate", "unknown", "uncertain", "inconclusive"):
        return Phenotype(gene, None, "the laboratory could not tell it")
    if text in PHENOTYPES[gene]:
        return Phenotype(gene, text)
    if re.search(r"\b(metabolizer|function|deficient|expresser)\b", text) and "/" not in text:
        return Phenotype(gene, None, f"{told!r} is no phenotype that CPIC has for {gene}")
    return None


def diplotype(gene: str, told: str, alleles: Alleles) -> Phenotype:
    """The phenotype of two alleles, told as "*1/*2"."""
    names = _two_alleles(gene, told)
    if isinstance(names, str):
        return Phenotype(gene, None, names)
    if gene in SCORED:
        return _scored(gene, names, alleles)
    table = BY_FUNCTION.get(gene)
    if table is None:
        return Phenotype(gene, None, f"{gene} is read from words only, not from alleles")
    functions = []
    for name in names:
        known = alleles.get((gene, name))
        if known is None:
            return Phenotype(gene, None, f"{gene} {name} is not in the table of alleles")
        functions.append(known.function)
    text = table.get(frozenset(functions))
    if text is None:
        return Phenotype(gene, None, f"{gene} {'/'.join(names)}: the function is not certain")
    return Phenotype(gene, text)


def _gene_of(gene: str, told: str) -> tuple[str, str]:
    """The bare gene, and what was told of it without the gene's name."""
    gene, _, allele = gene.strip().upper().partition("*")
    text = told.strip()
    text = re.sub(re.escape(gene), "", text, flags=re.IGNORECASE).strip(" :")
    return gene, f"*{allele} {text}" if allele and allele not in text else text


def _two_alleles(gene: str, told: str) -> tuple[str, str] | str:
    """The names of two alleles, or why there are not two."""
    known = _BASES.get(gene)
    if known and (match := known[0].fullmatch(told.casefold().strip())):
        return known[1][match[1]], known[1][match[2]]
    parts = [_SUBALLELE.sub("", part.strip()) for part in re.split(r"[/|]", told)]
    if gene == "DPYD":
        parts = ["HapB3" if "HapB3" in part else _STAR.sub("", part) for part in parts]
    if len(parts) != 2 or not all(parts):
        return f"{gene} {told!r}: two alleles are needed, as in *1/*2"
    return parts[0], parts[1]


def _scored(gene: str, names: tuple[str, str], alleles: Alleles) -> Phenotype:
    """By activity score: the sum over all copies."""
    total, is_least = 0.0, False
    for name in names:
        value = _activity(gene, name, alleles)
        if isinstance(value, str):
            return Phenotype(gene, None, value)
        total += value[0]
        is_least |= value[1]
    text = _of_score(gene, total)
    if is_least and text != "ultrarapid metabolizer":
        return Phenotype(
            gene, None, f"{gene} {'/'.join(names)}: how many copies is not told", total
        )
    return Phenotype(gene, text, score=total)


def _activity(gene: str, name: str, alleles: Alleles) -> tuple[float, bool] | str:
    """The activity of one chromosome and whether it is at least that; or why it is not known.

    Of CYP2D6 genes in tandem ("*36+*10") are added, and copies ("*2x2") multiplied; "xN" is two
    or more.
    """
    total, is_least = 0.0, False
    for part in name.split("+") if gene == "CYP2D6" else (name,):
        copies, least = 1, False
        if gene == "CYP2D6" and (match := _COPIES.fullmatch(part.strip())):
            part, told = match[1], (match[3] or "1").lower()
            copies, least = (2, True) if told == "n" else (int(told), match[2] is not None)
        known = alleles.get((gene, part.strip()))
        if known is None:
            return f"{gene} {part.strip()} is not in the table of alleles"
        if known.activity is None:
            return f"{gene} {part.strip()}: the function is not certain"
        total += copies * known.activity
        is_least |= least and known.activity > 0
    return total, is_least


def _of_score(gene: str, score: float) -> str:
    """CPIC's cut-offs; those of CYP2D6 are the consensus of 2019."""
    if gene == "CYP2D6":
        if score > 2.25:
            return "ultrarapid metabolizer"
        if score >= 1.25:
            return "normal metabolizer"
        return "intermediate metabolizer" if score > 0 else "poor metabolizer"
    if score >= 2:
        return "normal metabolizer"
    return "intermediate metabolizer" if score >= 1 else "poor metabolizer"


def _vkorc1(told: str) -> Phenotype:
    """The -1639 genotype; rs9923231 is told on the other strand, T there is A here."""
    match = _VKORC1.fullmatch(told.casefold().strip())
    if match is None:
        return Phenotype("VKORC1", None, "the -1639 genotype is needed, as in -1639 G/A")
    bases = [{"c": "g", "t": "a"}.get(base, base) for base in match.groups() if base]
    return Phenotype("VKORC1", "-1639 " + "".join(sorted(bases, reverse=True)))


def _hla(gene: str, told: str, alleles: Alleles) -> tuple[Phenotype, ...]:
    """Carriers of risk alleles; two typed alleles say of every risk allele whether it is there."""
    risks = sorted(name for own, name in alleles if own == gene)
    named = [f"*{match[1]}:{match[2]}" for match in _HLA_ALLELE.finditer(told)]
    text = re.sub(r"\bnot detected\b|\bnon-?carrier\b", "negative", told.casefold())
    negative = bool(re.search(r"\bnegative\b|\babsent\b", text))
    positive = bool(re.search(r"\bpositive\b|\bdetected\b|\bpresent\b|\bcarrier\b", text))
    if negative and positive:
        return (Phenotype(gene, None, f"{gene} {told!r}: positive and negative at once"),)
    if named and (positive or negative):
        sign = "negative" if negative else "positive"
        found = [Phenotype(gene, f"{name} {sign}") for name in named if name in risks]
        if found:
            return tuple(found)
        return (Phenotype(gene, None, f"no rule speaks of {gene}{', '.join(named)}"),)
    if len(named) == 2 and re.fullmatch(r"[*:0-9A-Z/| +-]+", told.replace(gene, "")):
        return tuple(
            Phenotype(gene, f"{risk} {'positive' if risk in named else 'negative'}")
            for risk in risks
        )
    return (
        Phenotype(
            gene, None, f"{gene} {told!r}: two alleles with four digits, or one and a result"
        ),
    )
