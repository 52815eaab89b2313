"""The geometry of a simulated course."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.figures.course import BOTTOM, LEFT, RIGHT, TOP, course_figure


def pairs(text):
    return [tuple(float(n) for n in pair.split(",")) for pair in text.split()]


def test_the_line_goes_from_left_to_right_and_up_is_more():
    figure = course_figure([0, 12, 24], [0, 10, 5])
    assert pairs(figure.line) == [
        (LEFT, BOTTOM),
        ((LEFT + RIGHT) / 2, TOP),
        (RIGHT, (TOP + BOTTOM) / 2),
    ]
    assert [tick.text for tick in figure.y_ticks] == ["0", "2", "4", "6", "8", "10"]
    assert [tick.text for tick in figure.x_ticks] == ["0", "5", "10", "15", "20"]
    assert figure.band == figure.second == "" and figure.middle == (LEFT + RIGHT) / 2


def test_band_second_line_and_points():
    figure = course_figure(
        [0, 10], [4, 6], band=([3, 5], [5, 8]), second=[1, 1], points=[(5, 7, True), (11, 7, False)]
    )
    assert len(pairs(figure.band)) == 4 and len(pairs(figure.second)) == 2
    assert [point.is_off for point in figure.points] == [True]


def test_a_constant_course_can_be_drawn():
    figure = course_figure([0, 1], [80, 80], from_zero=False)
    assert len(figure.y_ticks) >= 2 and all(TOP <= y <= BOTTOM for _, y in pairs(figure.line))


@given(st.lists(st.floats(0, 1e4), min_size=2, max_size=20), st.booleans())
def test_everything_is_in_the_box(values, from_zero):
    figure = course_figure(list(range(len(values))), values, from_zero=from_zero)
    for x, y in pairs(figure.line):
        assert LEFT <= x <= RIGHT and TOP - 0.01 <= y <= BOTTOM + 0.01
    assert len(figure.y_ticks) <= 8


def test_one_time_is_no_course():
    with pytest.raises(ValueError, match="two times"):
        course_figure([0], [1])


def test_several_figures_can_have_one_scale():
    low = course_figure([0, 10], [0, 2], up_to=40)
    high = course_figure([0, 10], [0, 40], up_to=40)
    assert [t.text for t in low.y_ticks] == [t.text for t in high.y_ticks]
    assert pairs(low.line)[-1] == (RIGHT, BOTTOM - (BOTTOM - TOP) * 2 / 40)
