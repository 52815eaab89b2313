"""How Spanish pages write a number: with a point, as everywhere else in the product.

Numbers never depend on the language: a drawing's coordinates and a result stay what they are. Days
are written as Django does.
"""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = " "
