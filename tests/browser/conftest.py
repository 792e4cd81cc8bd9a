"""One house a module, one browser a module, people for each test."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.support.flags import FLAGS, MICROPHONE
from tests.browser.support.house import running_house
from tests.browser.support.people import ADMIN_PASSWORD, Agent, People
from tests.journeys.support.house import House

WEB = Path(__file__).parents[2] / "lianxin" / "_web"

expect.set_options(timeout=30_000)  # two noisy cores; what comes, comes at once


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(
                pytest.mark.may_block("a synchronous test runs inside a callback of the loop of Playwright")
            )


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest, chromium_path: str) -> Iterator[Browser]:
    """Return a browser; one with a microphone for a module whose ``NEEDS_MICROPHONE`` says so."""
    flags = [*FLAGS, *MICROPHONE] if getattr(request.module, "NEEDS_MICROPHONE", False) else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if not (WEB / "app" / "index.html").exists():
        pytest.skip("the front end is not built: python lianxin/webbuild.py")
    with running_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def people(browser: Browser, house: House) -> Iterator[People]:
    people = People(browser, house.url)
    yield people
    people.go_home()


@pytest.fixture
def administrator(people: People, house: House) -> Agent:
    """Return the first administrator, logged in; the first time with the password the house has printed."""
    admin = people.agent()
    admin.log_in("admin", house.first_password)
    if house.first_password != ADMIN_PASSWORD:
        admin.change_password(house.first_password, ADMIN_PASSWORD)
        house.first_password = ADMIN_PASSWORD
    expect(admin.page.get_by_role("button", name=re.compile("的菜单$"))).to_be_visible()
    return admin
