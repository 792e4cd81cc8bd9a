"""A page in all its looks: what axe finds in each, and whether it fits its window."""

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.support.axe import faults_of

LOOKS = [(1440, "light"), (1280, "dark"), (720, "light"), (720, "dark")]
IN_SCHEME = """isDark => !document.querySelector('#app') ||
  document.documentElement.classList.contains('dark') === isDark"""


def assert_clean(page: Page, name: str) -> None:
    """Fail on what axe finds in any look of the page, and on a page that is wider than its window."""
    faults = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.wait_for_function(IN_SCHEME, arg=scheme == "dark")
        faults += [f"{width} {scheme}: {fault}" for fault in faults_of(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{width} {scheme}: it scrolls sideways")
        if folder := os.environ.get("LIANXIN_PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    assert not faults, "\n".join(faults)
