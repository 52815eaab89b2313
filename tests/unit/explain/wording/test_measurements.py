import pytest

from explain.wording import measurements as wording
from explain.wording.measurements import Written
from explain.wording.phrases import LEVELS, Level
from patients.terminology.measurements import MEASUREMENTS
from patients.terminology.units import CONVERSIONS


@pytest.mark.parametrize("level", LEVELS)
def test_every_measurement_of_the_page_has_a_name_a_unit_and_is_no_code(level: Level) -> None:
    """UX P18"""
    for concept in wording.CONCEPTS:
        name = wording.measurement_name(concept, level)
        assert name and "_" not in name
        assert wording.can_be_written(MEASUREMENTS[concept].unit), concept
    for group in wording.GROUPS:
        assert wording.group_title(group, level)
        assert wording.nothing_sent(group, level).startswith(wording.group_title(group, level))


def test_values_are_written_alike_at_every_level_and_with_what_means_something() -> None:
    assert wording.written("systolic_bp", 151.6, "mm[Hg]").text == "152 mmHg"
    assert wording.written("hba1c", 6.25, "%").number in ("6.2", "6.3")
    assert wording.written("creatinine", 0.9, "mg/dL").text == "0.90 mg/dL"
    assert wording.written("creatinine", 80, "umol/L").text == "80 µmol/L"


def test_a_unit_without_words_is_refused() -> None:
    assert not wording.can_be_written("[stone_av]")
    with pytest.raises(KeyError):
        wording.written("weight", 12, "[stone_av]")


def test_a_usual_range_in_words() -> None:
    assert wording.usual_text("systolic_bp", 90, 140, "mm[Hg]") == "Usual: 90 to 140 mmHg"
    assert wording.usual_text("ldl_cholesterol", 0, 3, "mmol/L") == "Usual: up to 3.0 mmol/L"


def test_the_course_in_a_sentence() -> None:
    first, last = Written("150", "mmHg"), Written("140", "mmHg")
    said = wording.course_text("Top number", 4, first, "1 May 2025", last, "2 May 2026")
    assert said == "Top number: 4 values, from 150 on 1 May 2025 to 140 mmHg on 2 May 2026."
    one = wording.course_text("Top number", 1, last, "2 May 2026", last, "2 May 2026")
    assert one == "Top number: 140 mmHg on 2 May 2026."


def test_every_unit_that_is_written_can_be_converted_back() -> None:
    units = {unit for concept, unit in CONVERSIONS if concept in wording.CONCEPTS}
    assert {"mg/dL", "mmol/mol", "umol/L", "[lb_av]"} <= {
        u for u in units if wording.can_be_written(u)
    }
