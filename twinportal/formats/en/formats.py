"""How English pages write a day."""

DATE_FORMAT = "j F Y"
