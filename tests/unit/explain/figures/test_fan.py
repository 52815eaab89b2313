"""The fan: everything on one axis, inside the box, and said in a sentence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.figures.fan import Edges, Fan, Happening, Span, fan, letter

NOW = datetime(2026, 6, 1, tzinfo=UTC)
YEAR = timedelta(days=365.25)


def drawn(width: float = 720.0, **more: object) -> Fan:
    measured = [(NOW - 2 * YEAR, 7.0), (NOW - YEAR, 7.5), (NOW - 0.1 * YEAR, 7.2)]
    ahead = [
        Edges(NOW + years * YEAR, 7 - years / 4, 7.2 - years / 8, 7.4, 7.6 + years / 8, 8 + years)
        for years in (0.1, 1.0, 5.0)
    ]
    return fan("HbA1c", "%", measured, ahead, NOW, width=width, **more)  # type: ignore[arg-type]


def pairs(text: str) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split(","))) for pair in text.split()]  # type: ignore[misc]


def test_past_and_future_share_one_axis() -> None:
    found = drawn()
    last_x, _ = found.dots[-1]
    assert found.dots[0][0] == found.left
    assert last_x < found.now_x < pairs(found.median)[0][0]
    assert pairs(found.median)[-1][0] == found.right
    # half of the seven years lie behind a quarter of the width and more
    assert (found.now_x - found.left) / (found.right - found.left) == pytest.approx(2 / 7, abs=0.01)


def test_the_inner_band_lies_in_the_outer_and_the_median_in_both() -> None:
    found = drawn()
    outer, inner, median = pairs(found.outer), pairs(found.inner), pairs(found.median)
    for index, (x, y) in enumerate(median):
        top, bottom = outer[index], outer[-1 - index]
        assert top[0] == bottom[0] == x
        assert top[1] < inner[index][1] < y < inner[-1 - index][1] < bottom[1]


def test_a_second_forecast_shares_the_axes() -> None:
    second = [Edges(NOW + years * YEAR, 2, 3, 4, 5, 6 + years) for years in (0.1, 1.0, 5.0)]
    found = drawn(second=second)
    first_x = [x for x, _ in pairs(found.median)]
    assert [x for x, _ in pairs(found.second_median)] == first_x
    # on the scale of the ticks
    (low, bottom), (high, top) = (
        (float(tick.text), tick.place) for tick in (found.y_ticks[0], found.y_ticks[-1])
    )
    at = bottom + (4.0 - low) / (high - low) * (top - bottom)
    assert pairs(found.second_median)[0][1] == pytest.approx(at, abs=0.02)
    assert max(y for _, y in pairs(found.second_outer)) <= found.bottom
    assert drawn().second_outer == drawn().second_median == ""


def test_treatments_and_events_stand_on_the_same_axis() -> None:
    found = drawn(
        spans=[Span("metformin", NOW - YEAR, None), Span("old", NOW - 5 * YEAR, NOW - YEAR)],
        happenings=[Happening("gout", NOW - YEAR), Happening("before", NOW - 9 * YEAR)],
    )
    goes_on, over = found.lanes
    assert goes_on.x == found.dots[1][0] and goes_on.x + goes_on.width == found.now_x
    assert over.x == found.left and over.x + over.width == pytest.approx(goes_on.x)
    assert over.y > goes_on.y > found.bottom
    assert [(pole.letter, pole.x) for pole in found.poles] == [("a", found.dots[1][0])]
    assert found.height > drawn().height


def test_ticks_are_round_and_few() -> None:
    found = drawn(width=320.0, x_ticks=4)
    assert [tick.text for tick in found.x_ticks] == ["2025", "2027", "2029", "2031"]
    values = [float(tick.text) for tick in found.y_ticks]
    assert values[0] <= 5.75 and values[-1] >= 13
    assert 4 <= len(values) <= 9


def test_the_sentence_says_what_the_picture_shows() -> None:
    said = drawn().summary
    assert "3 values, the newest 7.2 %" in said
    assert "Forecast for Jun 2031: middle 7.4" in said
    alone = fan("HbA1c", "%", [(NOW, 7.0)], [], NOW)
    assert alone.summary == "HbA1c: 1 value, the newest 7 % on 1 Jun 2026. No forecast."
    assert alone.outer == alone.median == ""
    with pytest.raises(ValueError, match="nothing to draw"):
        fan("HbA1c", "%", [], [], NOW)


def test_letters_go_on_after_z() -> None:
    assert (letter(0), letter(25), letter(26), letter(27)) == ("a", "z", "aa", "bb")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=6),
    st.lists(st.floats(0, 50), min_size=0, max_size=4),
)
def test_everything_is_inside_the_box(values: list[float], widths: list[float]) -> None:
    measured = [(NOW - (9 - i) * YEAR, value) for i, value in enumerate(values)]
    ahead = [Edges(NOW + (i + 1) * YEAR, -w, -w / 2, 0.0, w / 2, w) for i, w in enumerate(widths)]
    found = fan("any", "", measured, ahead, NOW)
    points = [*found.dots, *pairs(found.outer), *pairs(found.median)]
    assert all(found.left <= x <= found.right for x, _ in points)
    assert all(found.top - 0.01 <= y <= found.bottom + 0.01 for _, y in points)
