"""One cohort for the tests of this package, made once."""

import pytest

from tests.unit.patients.synthetic.reading import AS_OF, Record, records


@pytest.fixture(scope="session")
def cohort() -> list[Record]:
    """Five hundred people without odd values."""
    return records(500, seed=11, as_of=AS_OF)
