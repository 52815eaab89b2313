"""Code systems as types: a LOINC code cannot meet a SNOMED CT column by accident."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Code:
    """A code of one system, in that system's normal form; refuses what cannot be one.

    Raises:
        ValueError: the text does not have the shape of the system's codes.
    """

    value: str

    name: ClassVar[str]
    uris: ClassVar[tuple[str, ...]]
    shape: ClassVar[re.Pattern[str]]

    def __post_init__(self) -> None:
        if not self.shape.fullmatch(self.value):
            raise ValueError(f"{self.value!r} is no {type(self).__name__} code")

    @classmethod
    def normal(cls, text: str) -> str:
        return text.strip()


class Loinc(Code):
    """A LOINC observation code (2160-0) or answer code (LA18978-9)."""

    name = "loinc"
    uris = ("http://loinc.org", "urn:oid:2.16.840.1.113883.6.1")
    shape = re.compile(r"(?:LA|LP|LL)?\d{1,7}-\d")


class Snomed(Code):
    """A SNOMED CT concept id. An edition's URI (http://snomed.info/sct/731...) counts too."""

    name = "snomed"
    uris = ("http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96")
    shape = re.compile(r"[1-9]\d{5,17}")


class Icd10(Code):
    """A WHO ICD-10 code, held without its dot."""

    name = "icd10"
    uris = ("http://hl7.org/fhir/sid/icd-10", "urn:oid:2.16.840.1.113883.6.3")
    shape = re.compile(r"[A-Z]\d[0-9A-Z]{1,5}")

    @classmethod
    def normal(cls, text: str) -> str:
        return text.strip().upper().replace(".", "")


class Icd10Cm(Icd10):
    """A code of the US clinical modification of ICD-10, held without its dot."""

    name = "icd10cm"
    uris = ("http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90")


class RxNorm(Code):
    """An RxNorm concept (RXCUI)."""

    name = "rxnorm"
    uris = ("http://www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88")
    shape = re.compile(r"[1-9]\d{0,7}")


class Atc(Code):
    """A WHO ATC class, of any level (C, C09, C09A, C09AA, C09AA03)."""

    name = "atc"
    uris = ("http://www.whocc.no/atc", "urn:oid:2.16.840.1.113883.6.73")
    shape = re.compile(r"[A-Z](?:\d\d(?:[A-Z](?:[A-Z](?:\d\d)?)?)?)?")

    @classmethod
    def normal(cls, text: str) -> str:
        return text.strip().upper()


class _Hl7(Code):
    """A code of one of HL7's own systems; they are case-sensitive."""

    shape = re.compile(r"[A-Za-z][A-Za-z-]{0,31}")


class ActCode(_Hl7):
    """HL7 v3 ActCode: the class of an encounter (IMP, EMER, AMB)."""

    name = "actcode"
    uris = ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "http://hl7.org/fhir/v3/ActCode")


class ActPriority(_Hl7):
    """HL7 v3 ActPriority: how urgent an encounter was (EM, EL)."""

    name = "actpriority"
    uris = ("http://terminology.hl7.org/CodeSystem/v3-ActPriority",)


class AdmitSource(_Hl7):
    """HL7 admit-source: from where a person was admitted (emd)."""

    name = "admitsource"
    uris = ("http://terminology.hl7.org/CodeSystem/admit-source",)


class DischargeDisposition(_Hl7):
    """HL7 discharge-disposition: where a person went from the hospital (home, exp)."""

    name = "discharge"
    uris = ("http://terminology.hl7.org/CodeSystem/discharge-disposition",)


class LocalCode(Code):
    """A code of a system that is none of ours, as it was sent."""

    name = "local"
    uris = ()
    shape = re.compile(r".+", re.DOTALL)


SYSTEMS: dict[str, type[Code]] = {
    system.name: system
    for system in (
        Loinc,
        Snomed,
        Icd10,
        Icd10Cm,
        RxNorm,
        Atc,
        ActCode,
        ActPriority,
        AdmitSource,
        DischargeDisposition,
    )
}
_BY_URI = {uri: system for system in SYSTEMS.values() for uri in system.uris}


def code_in(system: str, text: str) -> Code:
    """A code of a system by our short name ('loinc', 'snomed', 'rxnorm' ...).

    Raises:
        ValueError: the system is unknown, or the text is no code of it.
    """
    if system not in SYSTEMS:
        raise ValueError(f"unknown code system {system!r}")
    kind = SYSTEMS[system]
    return kind(kind.normal(text))


@lru_cache(maxsize=8192)
def code_of(uri: str, text: str) -> Code | None:
    """The code of a FHIR Coding; None for a system we do not read or a text that is no code."""
    uri = uri.strip().rstrip("/")
    kind = _BY_URI.get(uri)
    if kind is None and uri.startswith("http://snomed.info/sct/"):
        kind = Snomed
    if kind is None:
        return None
    try:
        return kind(kind.normal(text))
    except ValueError:
        return None
