"""Pictures say what the numbers say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.figures import bars as bar_figure
from explain.figures.icon_array import icon_array
from explain.figures.sparkline import HEIGHT, WIDTH, sparkline


@given(st.integers(0, 100))
def test_icons_are_a_hundred_filled_from_the_bottom(count: int) -> None:
    array = icon_array(count)
    assert len({(icon.x, icon.y) for icon in array.icons}) == 100
    assert sum(icon.filled for icon in array.icons) == count
    empty_rows = [icon.y for icon in array.icons if not icon.filled]
    full_rows = [icon.y for icon in array.icons if icon.filled]
    if empty_rows and full_rows:
        assert min(full_rows) >= max(empty_rows), "y grows downward: filled rows lie below"


@pytest.mark.parametrize("wrong", [-1, 101])
def test_other_counts_cannot_be_drawn(wrong: int) -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        icon_array(wrong)


def row(concept: str, contribution: float) -> dict[str, object]:
    return {
        "concept": concept,
        "label": concept,
        "display": "1",
        "contribution": contribution,
        "modifiable": True,
        "status": "used",
        "effective_at": None,
        "references": [],
    }


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=13))
def test_bars_stay_in_their_box_and_nothing_is_lost(values: list[float]) -> None:
    figure = bar_figure.bars([row(str(i), v) for i, v in enumerate(values)])
    total = sum(bar.contribution for bar in figure.bars) + figure.rest
    assert total == pytest.approx(sum(values), abs=1e-9)
    assert len(figure.bars) + figure.rest_count == len(values)
    for bar in figure.bars:
        assert -0.01 <= bar.x <= bar.x + bar.width <= figure.width + 0.01
        middle = figure.width / 2
        assert (bar.x >= middle - 0.01) if bar.raises else (bar.x + bar.width <= middle + 0.01)
    sizes = [abs(bar.contribution) for bar in figure.bars]
    assert sizes == sorted(sizes, reverse=True)


GROUPS = ("blood pressure", "cholesterol", "kidney", "")


@given(
    st.lists(
        st.tuples(st.floats(-0.5, 0.5), st.sampled_from(GROUPS), st.booleans()),
        min_size=1,
        max_size=13,
    )
)
def test_groups_and_lists_are_the_sums_of_their_members(
    drawn: list[tuple[float, str, bool]],
) -> None:
    """UX E4: the sum of a group is that of its members. UX E5: what can be modified apart."""
    rows = [
        {**row(str(i), v), "group": group, "modifiable": can}
        for i, (v, group, can) in enumerate(drawn)
    ]
    figure = bar_figure.bars(rows)
    lists = {of.title: of for of in figure.lists}
    for title, can in (("Modifiable", True), ("Not modifiable", False)):
        mine = [r for r in rows if r["modifiable"] is can]
        if title not in lists:
            assert all(abs(float(str(r["contribution"]))) < bar_figure.SMALLEST_SHOWN for r in mine)
            continue
        of = lists[title]
        assert of.total == pytest.approx(sum(float(str(r["contribution"])) for r in mine))
        for group in of.groups:
            assert group.total == pytest.approx(sum(bar.contribution for bar in group.bars))
            assert all(bar.modifiable is can for bar in group.bars)
            assert group.is_named == (len(group.bars) > 1)
    listed = [bar for of in figure.lists for group in of.groups for bar in group.bars]
    assert sorted(bar.concept for bar in listed) == sorted(bar.concept for bar in figure.bars)


def test_a_group_is_named_once_in_either_list() -> None:
    rows = [
        {**row("systolic_bp", 0.05), "group": "blood pressure"},
        {**row("antihypertensive", 0.01), "group": "blood pressure", "modifiable": False},
        {**row("total", 0.02), "group": "cholesterol"},
        {**row("hdl", -0.0001), "group": "cholesterol"},
        {**row("length_of_stay", 0.03), "group": "stay", "modifiable": False},
    ]
    can, cannot = bar_figure.bars(rows).lists
    assert [group.label for group in can.groups] == ["Blood pressure", "Cholesterol"]
    assert [bar.concept for bar in can.groups[1].bars] == ["total", "hdl"]
    assert [group.label for group in cannot.groups] == ["This stay in hospital", "Blood pressure"]


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=30))
def test_a_sparkline_has_a_point_a_value_inside_its_box(values: list[float]) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    series = [(start + timedelta(days=30 * i), v) for i, v in enumerate(values)]
    figure = sparkline(series, (0, 10))
    assert len(figure.points) == len(values)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in figure.points)
    xs = [x for x, _ in figure.points]
    assert xs == sorted(xs)
    if figure.band:
        assert 0 <= figure.band[0] <= sum(figure.band) <= HEIGHT


def test_higher_values_stand_higher() -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    (_, first), (_, last) = sparkline([(start, 1.0), (start + timedelta(days=1), 2.0)]).points
    assert last < first


def test_an_empty_series_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="nothing"):
        sparkline([])
