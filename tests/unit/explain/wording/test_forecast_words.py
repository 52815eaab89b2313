"""A forecast in three levels: one set of numbers, sentences that people can read."""

import re
from datetime import UTC, datetime

import pytest

from explain.wording.forecasts import MEASUREMENTS, ForecastText, forecast_text
from explain.wording.phrases import LEVELS, Level
from models_engine.catalogue.trajectory.specs import specs
from tests.readability import flesch_kincaid_grade

GRADES: dict[Level, float] = {"plain": 6.0, "standard": 8.0}


def text(concept: str, level: Level, years: float = 1.0) -> ForecastText:
    return forecast_text(
        concept,
        level,
        unit="mmHg",
        last="136",
        last_at=datetime(2026, 9, 1, tzinfo=UTC),
        years=years,
        low="112",
        high="163",
        inner_low="125",
        inner_high="146",
    )


def sentences(said: ForecastText) -> list[str]:
    return [said.last, said.main, said.half, said.outside, said.meaning]


@pytest.mark.parametrize("concept", sorted(MEASUREMENTS))
def test_numbers_are_the_same_at_every_level(concept: str) -> None:
    found = {
        level: re.findall(r"\d+", " ".join(sentences(text(concept, level)))) for level in LEVELS
    }
    assert found["plain"] == found["standard"] == found["detailed"]
    assert len({" ".join(sentences(text(concept, level))) for level in LEVELS}) == 3


@pytest.mark.parametrize("concept", sorted(MEASUREMENTS))
@pytest.mark.parametrize("level", sorted(GRADES))
def test_it_can_be_read_with_effort(concept: str, level: Level) -> None:
    said = " ".join(sentences(text(concept, level)))
    assert flesch_kincaid_grade(said) <= GRADES[level], said


@pytest.mark.parametrize("level", LEVELS)
def test_the_time_the_range_and_the_rest_of_ten_are_said(level: Level) -> None:
    said = text("systolic_bp", level, years=5.0)
    assert "5 years" in said.main and "9 out of 10" in said.main
    assert "between 112 and 163 mmHg" in said.main
    assert said.outside.startswith("1 out of 10")
    assert "1 year," in text("systolic_bp", level).main
    assert "caus" not in " ".join(sentences(said))


def test_patients_see_words_for_every_validated_measurement_and_no_other() -> None:
    assert set(MEASUREMENTS) == {c for c, spec in specs().items() if spec.validated}
