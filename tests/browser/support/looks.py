"""A page in all its looks: what axe finds in each, and whether it fits its window."""

import os
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.support.axe import LEVELS, faults_of

WIDTHS: Final = (1440, 1280, 720)
NARROWEST: Final = 320
FITS: Final = "document.documentElement.scrollWidth <= innerWidth"
LIGHT: Final[dict[str, Any]] = {"color_scheme": "light", "contrast": "no-preference"}
DARK: Final = {**LIGHT, "color_scheme": "dark"}
HIGH: Final = {"high-contrast": {**LIGHT, "contrast": "more"}, "high-contrast-dark": {**DARK, "contrast": "more"}}
COLOURS: Final = ("color-contrast", "link-in-text-block")  # all that another scheme changes
IN_SCHEME = """([isDark, isHigh]) => !document.querySelector('#app') ||
  document.documentElement.classList.contains('dark') === isDark &&
  document.documentElement.classList.contains('high-contrast') === isHigh"""


def assert_clean(page: Page, name: str) -> None:
    """Fail on what axe finds in any look of the page, and on a page that is wider than its window."""
    faults = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, media in {"light": LIGHT, "dark": DARK, **(HIGH if width == WIDTHS[0] else {})}.items():
            _show(page, media)
            rules = LEVELS if scheme == "light" else COLOURS
            faults += [f"{width} {scheme}: {fault}" for fault in faults_of(page, rules)]
            if folder := os.environ.get("LIANXIN_PICTURES"):
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png")
        if not fits(page):
            faults.append(f"{width}: it scrolls sideways")
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    _show(page, LIGHT)
    assert not faults, "\n".join(faults)


def assert_reflows(page: Page) -> None:
    """Fail on a page that scrolls sideways at four times its size (WCAG 2.2, 1.4.10)."""
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    try:
        page.wait_for_function(FITS)  # the page is laid out anew after the frame of the resize
    except PlaywrightTimeoutError:
        raise AssertionError(f"{page.url}: wider than {NARROWEST} px") from None
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})


def fits(page: Page) -> bool:
    """Whether the page is no wider than its window."""
    is_no_wider: bool = page.evaluate(FITS)
    return is_no_wider


def _show(page: Page, media: dict[str, Any]) -> None:
    page.emulate_media(**media)
    page.wait_for_function(IN_SCHEME, arg=[media["color_scheme"] == "dark", media["contrast"] == "more"])
