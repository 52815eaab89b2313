"""The calibration plot says what the table says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.figures.calibration import Measured, calibration

probability = st.floats(0, 1)


@st.composite
def measured(draw: st.DrawFn) -> Measured:
    low, observed, high = sorted(draw(st.tuples(probability, probability, probability)))
    return Measured(draw(probability), observed, low, high)


@given(st.lists(measured(), min_size=1, max_size=10))
def test_every_band_is_drawn_inside_the_box_on_one_scale(points: list[Measured]) -> None:
    figure = calibration("Calibration", points)
    assert len(figure.marks) == len(points)
    for mark, point in zip(figure.marks, sorted(points, key=lambda p: p.predicted), strict=True):
        assert figure.left <= mark.x <= figure.right
        assert figure.top <= mark.y_high <= mark.y <= mark.y_low <= figure.bottom
        # on the diagonal exactly when predicted equals observed
        across = (mark.x - figure.left) / (figure.right - figure.left)
        upwards = (figure.bottom - mark.y) / (figure.bottom - figure.top)
        assert (across - upwards) * _scale(figure.ticks[-1].text) == pytest.approx(
            point.predicted - point.observed, abs=1e-3
        )


def _scale(text: str) -> float:
    return float(text.removesuffix(" %")) / 100


def test_the_summary_counts_what_lies_where() -> None:
    figure = calibration(
        "Calibration",
        [
            Measured(0.30, 0.10, 0.05, 0.20),
            Measured(0.02, 0.02, 0.01, 0.03),
            Measured(0.10, 0.20, 0.15, 0.25),
        ],
    )
    assert figure.summary == (
        "3 bands of people, predicted 2.0 % to 30.0 %. In 1 the prediction lies inside the "
        "interval of what was observed, in 1 it is too high, in 1 too low."
    )
    assert [tick.text for tick in figure.ticks] == ["0 %", "6 %", "12 %", "18 %", "24 %", "30 %"]


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="nothing"):
        calibration("Calibration", [])
