"""Takes pictures of every page of a running demo, at phone and desktop width.

    make demo                              # in another window; wait for the address
    python tools/screenshots.py            # reads var/demo.json, writes docs/screenshots/

Pages are found by following links (`tools/crawl.py`). One picture a page and width, as WebP, and an
index that shows them all. People are the demo's synthetic ones.
"""

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twinportal.settings")
os.environ.setdefault("TWINPORTAL_MODE", "demo")

import django
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

django.setup()
from tools.crawl import crawl

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
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 640}}
# a long page is shown to here, in screens
SCREENS = {"desktop": 1.6, "phone": 2.4}
QUALITY = 45
# the same list in another order
LEFT_OUT = {
    "home",
    "home+sort",
    "home+page+sort",
    "home+period",
    "worklist+sort",
    "worklist+page+sort",
}
TWIN = re.compile(r'href="(/twins/[0-9a-f-]{36}/)"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, default=ROOT / "var" / "demo.json")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--scheme", choices=["light", "dark"], default="light")
    parser.add_argument("--only", default="", help="kinds of pages with this in their name")
    given = parser.parse_args()
    demo = json.loads(given.demo.read_text())
    given.out.mkdir(parents=True, exist_ok=True)
    taken: dict[str, list[str]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for user in _readers(demo["users"]):
            taken[user["username"]] = _pictures_for(browser, demo["base_url"], user, given)
        browser.close()
    if not given.only:
        _write_index(given.out, taken)
    print(f"{sum(map(len, taken.values()))} pages in {given.out}")


def _readers(users: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One of each role: the second patient has the richer record."""
    return list({user["role"]: user for user in users}.values())


def _pictures_for(
    browser: Browser, base: str, user: dict[str, Any], given: argparse.Namespace
) -> list[str]:
    names = []
    with _signed_in(browser, base, user, given.scheme) as (context, page):

        def html(path: str) -> str | None:
            return _html(context, base + path)

        kinds = crawl(html, [*_somebody(html("/") or ""), "/"])
        for kind, paths in sorted(kinds.items()):
            if kind in LEFT_OUT:
                continue
            for number, path in enumerate(paths, 1):
                name = f"{user['role']}-{kind.replace('+', '-').replace('=', '-').replace('/', '')}"
                name += f"-{number}" if number > 1 else ""
                if given.only not in name:
                    continue
                names.append(name)
                for size in SIZES:
                    _take(page, base + path, size, given.out / f"{name}-{size}.webp")
    return names


def _somebody(worklist: str) -> list[str]:
    """A twin of whom there is something to see: who comes first may have no number at all."""
    return list(dict.fromkeys(TWIN.findall(worklist)))[2:3]


@contextmanager
def _signed_in(
    browser: Browser, base: str, user: dict[str, Any], scheme: Any
) -> Iterator[tuple[BrowserContext, Page]]:
    context = browser.new_context(color_scheme=scheme, locale="en-US")
    page = context.new_page()
    page.goto(f"{base}/accounts/login/")
    page.fill("#id_login", user["username"])
    page.fill("#id_password", user["password"])
    page.click("main button")
    page.wait_for_load_state()
    yield context, page
    context.close()


def _html(context: BrowserContext, address: str) -> str | None:
    answer = context.request.get(address)
    is_file = answer.headers.get("content-disposition", "").startswith("attachment")
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    is_page = is_page and answer.ok and not is_file
    return answer.text() if is_page else None


def _take(page: Page, address: str, size: str, path: Path) -> None:
    box = SIZES[size]
    page.set_viewport_size({"width": box["width"], "height": box["height"]})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    tall = page.evaluate("document.documentElement.scrollHeight")
    shown = min(tall, round(box["height"] * SCREENS[size]))
    picture = page.screenshot(
        full_page=True, clip={"x": 0, "y": 0, "width": box["width"], "height": shown}
    )
    Image.open(io.BytesIO(picture)).convert("RGB").save(path, "WEBP", quality=QUALITY, method=6)


def _write_index(out: Path, taken: dict[str, list[str]]) -> None:
    lines = [
        "# Every page, at desktop and phone width",
        "",
        "Made by `python tools/screenshots.py` from `make demo`: synthetic people, no real patient.",
    ]
    for username, names in taken.items():
        lines += ["", f"## {username}", ""]
        for name in names:
            lines += [
                f"### {name}",
                f"![{name}, desktop]({name}-desktop.webp) ![{name}, phone]({name}-phone.webp)",
            ]
    (out / "README.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
