"""The decision curve says what the table says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.figures.decision_curve import Measured, decision_curve

benefit = st.floats(-0.5, 0.9)


@st.composite
def curves(draw: st.DrawFn) -> list[Measured]:
    thresholds = draw(
        st.lists(st.integers(1, 90).map(lambda n: n / 100), min_size=1, max_size=6, unique=True)
    )
    made = []
    for threshold in thresholds:
        low, value, high = sorted(draw(st.tuples(benefit, benefit, benefit)))
        made.append(Measured(threshold, value, low, high, draw(st.floats(-3, 0.9))))
    return made


@given(curves())
def test_everything_lies_in_the_box_on_one_scale(points: list[Measured]) -> None:
    figure = decision_curve("Net benefit", points)
    assert len(figure.marks) == len(points)
    top_tick = figure.y_ticks[-1]
    # read off the drawing, whose coordinates have two decimals
    per_unit = (figure.nobody_y - top_tick.at) / max(
        0.001, *(max(p.high, p.treat_all) for p in points)
    )
    for mark, point in zip(figure.marks, sorted(points, key=lambda p: p.threshold), strict=True):
        assert figure.left <= mark.x <= figure.right
        assert figure.top <= mark.y_high <= mark.y <= mark.y_low <= figure.bottom
        assert figure.nobody_y - mark.y == pytest.approx(point.value * per_unit, rel=0.02, abs=0.05)
    for x, y in figure.everybody:
        assert figure.left <= x <= figure.right + 0.01
        assert figure.top <= y <= figure.bottom + 0.01


def test_treating_everybody_is_cut_where_it_leaves_the_box() -> None:
    figure = decision_curve(
        "Net benefit",
        [Measured(0.1, 0.05, 0.04, 0.06, 0.02), Measured(0.2, 0.01, 0.0, 0.02, -0.5)],
    )
    assert len(figure.everybody) == 2
    assert figure.everybody[-1][1] == pytest.approx(figure.bottom, abs=0.01)
    assert figure.everybody[-1][0] < figure.right


def test_the_summary_counts_where_the_model_helps() -> None:
    figure = decision_curve(
        "Net benefit",
        [
            Measured(0.2, 0.01, -0.01, 0.02, -0.05),
            Measured(0.05, 0.05, 0.04, 0.06, 0.06),
            Measured(0.1, 0.04, 0.03, 0.05, 0.01),
        ],
    )
    assert figure.summary == (
        "Thresholds of 5 % to 20 %: at 2 of 3 acting by the model does better than acting on "
        "everybody and than acting on nobody, at 1 of them with its whole interval."
    )
    assert [tick.text for tick in figure.x_ticks] == ["0 %", "5 %", "10 %", "15 %", "20 %"]


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing"):
        decision_curve("Net benefit", [])
