"""The product's settings for tests: real embedded servers unless the environment names others."""

import os

from twinportal import embedded

os.environ["TWINPORTAL_MODE"] = "test"
os.environ.setdefault("TWINPORTAL_VAR", str(embedded.BASE_DIR / "var" / "test"))
# Playwright's sync driver keeps an event loop running; Django's ORM takes that for async code
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
embedded.ensure_environment()

from twinportal.settings import *  # noqa: TID251

# the suite is one address, which asks thousands of times without a token
FHIR_ANONYMOUS_RATE = "off"
# hashing is not what these tests are about
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# what is counted is stored when a test asks for it, in the transaction of the test
ACTIVITY_SECONDS = float(os.environ.get("TWINPORTAL_ACTIVITY_SECONDS", "0"))
# an open page asks when a test is about that
TWIN_POLL_SECONDS = 0
