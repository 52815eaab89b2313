"""The ICD-10 mapping of Quan 2005, against its lists written out once more."""

import pytest

from patients.terminology import comorbidities, tables
from patients.terminology.codings import code_in
from patients.terminology.comorbidities import COMORBIDITIES, comorbidity_of

# the lists as they are published, ranges and all
PUBLISHED = """
mi I21 I22 I252
chf I099 I110 I130 I132 I255 I420 I425-I429 I43 I50 P290
pvd I70 I71 I731 I738 I739 I771 I790 I792 K551 K558 K559 Z958 Z959
cevd G45 G46 H340 I60-I69
dementia F00-F03 F051 G30 G311
cpd I278 I279 J40-J47 J60-J67 J684 J701 J703
rheumd M05 M06 M315 M32-M34 M351 M353 M360
pud K25-K28
mld B18 K700-K703 K709 K713-K715 K717 K73 K74 K760 K762-K764 K768 K769 Z944
hp G041 G114 G801 G802 G81 G82 G830-G834 G839
rend I120 I131 N032-N037 N052-N057 N18 N19 N250 Z490-Z492 Z940 Z992
canc C00-C26 C30-C34 C37-C41 C43 C45-C58 C60-C76 C81-C85 C88 C90-C97
msld I850 I859 I864 I982 K704 K711 K721 K729 K765-K767
metacanc C77-C80
aids B20-B22 B24
"""
UNCOMPLICATED, COMPLICATED = set("01689"), set("23457")


def published(code):
    """By comparing texts: a range holds a code whose first characters lie between its ends."""
    if code[:3] in {"E10", "E11", "E12", "E13", "E14"} and len(code) > 3:
        if code[3] in UNCOMPLICATED:
            return "charlson_diab"
        return "charlson_diabwc" if code[3] in COMPLICATED else None
    for line in PUBLISHED.strip().splitlines():
        name, *ranges = line.split()
        for one in ranges:
            low, _, high = one.partition("-")
            if low <= code[: len(low)] <= (high or low):
                return f"charlson_{name}"
    return None


def every_code():
    for letter in "ABCDEFGHIJKLMNOPQRSTZ":
        for number in range(100):
            category = f"{letter}{number:02d}"
            yield category
            yield from (f"{category}{digit}" for digit in "0123456789")


def test_every_three_and_four_character_code():
    wrong = [c for c in every_code() if comorbidity_of(code_in("icd10", c)) != published(c)]
    assert wrong == []
    assert len(COMORBIDITIES) == 17


@pytest.mark.parametrize(
    ("code", "comorbidity"),
    [
        ("I21.4", "charlson_mi"),
        ("E11.9", "charlson_diab"),
        ("E11.22", "charlson_diabwc"),
        ("N18.31", "charlson_rend"),
        ("C50.911", "charlson_canc"),
        ("C78.7", "charlson_metacanc"),
        ("K74.6", "charlson_mld"),
        ("K72.90", "charlson_msld"),
        ("E11", None),
        ("C44.9", None),
        ("Z00.0", None),
    ],
)
def test_codes_with_dots_and_of_the_clinical_modification(code, comorbidity):
    assert comorbidity_of(code_in("icd10cm", code)) == comorbidity


def test_a_prefix_that_stands_twice_is_refused(monkeypatch):
    row = {"comorbidity": "charlson_mi", "prefix": "I21", "evidence": "S"}
    monkeypatch.setattr(tables, "rows", lambda *_: [row, row])
    with pytest.raises(ValueError, match="twice"):
        comorbidities._prefixes()
