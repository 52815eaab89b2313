"""Times and lists in the language of the reader. The numbers are the same in every language."""

from collections.abc import Sequence
from datetime import date

from explain.wording.language import gettext, ngettext, pgettext
from explain.wording.language import gettext_noop as N_

MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)
# a share of a month or a year that nobody counts
EXACT = 0.05


def day_words(day: date) -> str:
    """ "1 September 2026", of a date or of a moment in its own zone."""
    return gettext("{day} {month} {year}").format(
        day=day.day, month=gettext(MONTHS[day.month - 1]), year=day.year
    )


def years_words(years: float) -> str:
    """ "1 year", "10 years", "2.5 years"."""
    return ngettext("{years} year", "{years} years", 1 if years == 1 else 2).format(
        years=f"{years:g}"
    )


def months_words(months: int) -> str:
    """ "1 month", "18 months"."""
    return ngettext("{months} month", "{months} months", months).format(months=months)


def horizon_words(months: float) -> str:
    """ "10 years", "18 months", "about 2 years": to half a year, below two years to a month."""
    if months < 24 and months != 12:
        whole = max(1, round(months))
        return _about(months_words(whole), is_exact=abs(months - whole) < EXACT)
    halves = round(months / 6)
    years, half = divmod(halves, 2)
    told = gettext("{years} and a half years").format(years=years) if half else years_words(years)
    return _about(told, is_exact=abs(months - halves * 6) < EXACT)


def _about(time: str, *, is_exact: bool) -> str:
    return time if is_exact else gettext("about {time}").format(time=time)


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; empty for nothing."""
    if len(items) < 2:
        return "".join(items)
    first = items[0]
    for item in items[1:-1]:
        first = pgettext("inside a list", "{first}, {next}").format(first=first, next=item)
    return pgettext("end of a list", "{first} and {last}").format(first=first, last=items[-1])
