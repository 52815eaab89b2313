"""A hundred people as circles, filled from the bottom row up."""

from dataclasses import dataclass

COLUMNS = ROWS = 10
STEP = 20
RADIUS = 8


@dataclass(frozen=True)
class Icon:
    """Centre of one circle in a box of `IconArray.size` units, and whether it is filled."""

    x: int
    y: int
    filled: bool


@dataclass(frozen=True)
class IconArray:
    """What a template draws; `icons` run bottom row first, left to right."""

    icons: tuple[Icon, ...]
    count: int
    size: int = COLUMNS * STEP
    radius: int = RADIUS


def icon_array(count: int) -> IconArray:
    """`count` of 100 filled. Raises ValueError outside 0 to 100."""
    if not 0 <= count <= COLUMNS * ROWS:
        raise ValueError(f"{count} of 100 cannot be drawn")
    half = STEP // 2
    icons = tuple(
        Icon(
            x=(number % COLUMNS) * STEP + half,
            y=(ROWS - 1 - number // COLUMNS) * STEP + half,
            filled=number < count,
        )
        for number in range(COLUMNS * ROWS)
    )
    return IconArray(icons, count)
