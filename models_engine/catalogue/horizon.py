"""How far ahead a probability looks, in words."""

DAYS_PER_YEAR = 365.25


def horizon_text(years: float) -> str:
    """ "10 years", "1 year"; less than a year in whole days: "30 days"."""
    if years < 1:
        days = round(years * DAYS_PER_YEAR)
        return f"{days} day{'' if days == 1 else 's'}"
    return f"{years:g} year{'' if years == 1 else 's'}"
