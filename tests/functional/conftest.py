"""A real headless Chromium against the real pages."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from patients.models import Patient
from tests.factories.people import PASSWORD, clinician, patient_user, twin

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 640}
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@dataclass
class Ward:
    """A patient with a doctor and an account, and one whom the doctor does not look after."""

    patient: Patient
    other: Patient


@pytest.fixture
def ward(transactional_db: None, ehr_client: Client, settings: Any) -> Ward:
    settings.RELEASE_POLICY = "auto"
    mine = twin(ehr_client, "p1", doctor="dr1", family="Mine")
    other = twin(ehr_client, "p2", doctor="dr2", family="Otherone")
    clinician("dr1", "doctor")
    patient_user(mine, "patient")
    return Ward(mine, other)


class Visitor:
    """Somebody at a browser; collects what the console complains about."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.complaints: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: Any) -> None:
        # the browser reports a page's own 4xx status as an error too
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def goes_to(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def signs_in(self, username: str) -> None:
        self.goes_to("/accounts/login/")
        self.page.fill("#id_login", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(re.compile("worklist|/my/|/steward/"))

    def axe_violations(self, rule: str = "") -> list[str]:
        """What axe finds: by all rules of WCAG 2.2 AA, or by one of them."""
        only = {"type": "rule", "values": [rule]} if rule else {"type": "tag", "values": AXE_TAGS}
        found = Axe().run(self.page, options={"runOnly": only})
        return [
            f"{v['id']}: {node['html'][:160]}"
            for v in found.response["violations"]
            for node in v["nodes"]
        ]


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, live_server: Any) -> Iterator[Visit]:
    """Open a fresh browser window: `visit("doctor", PHONE)`."""
    # the sign-ins of the tests before, all from one address, are nobody's attack
    cache.clear()
    contexts = []

    def start(username: str = "", size: dict[str, int] = DESKTOP, **options: Any) -> Visitor:
        context = browser.new_context(viewport=size, **options)
        context.set_default_timeout(45_000)
        contexts.append(context)
        visitor = Visitor(context.new_page(), live_server.url)
        if username:
            visitor.signs_in(username)
        return visitor

    yield start
    for context in contexts:
        context.close()
