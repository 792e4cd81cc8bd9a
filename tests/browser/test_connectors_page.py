"""The administrator connects an outside system, tries it with values, changes it and puts it away."""

import sqlite3
from contextlib import closing

from playwright.sync_api import Page, expect

from tests.browser.support.axe import faults_of
from tests.browser.support.people import Agent
from tests.journeys.support.house import House

SIZES = ((1440, 900), (720, 900))
QUERY = "SELECT state FROM permit WHERE number = :number"


def choose(page: Page, field: str, option: str) -> None:
    """Choose from a select by keyboard, as its list is elsewhere in the page."""
    page.get_by_role("combobox", name=field).press("Enter")
    page.get_by_role("option", name=option).click()


def test_a_database_is_connected_tried_changed_and_put_away(house: House, administrator: Agent) -> None:
    folder = house.data / "lookups"
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(folder / "permits.db")) as database:
        database.executescript(
            "CREATE TABLE IF NOT EXISTS permit (number TEXT, state TEXT); DELETE FROM permit;"
            "INSERT INTO permit VALUES ('7', '已办结')"
        )
    page = administrator.page
    page.goto(f"{house.url}/admin/connectors")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_label("标识").fill("permits")
    choose(page, "外部系统 类型", "SQLite 文件")
    page.get_by_label("文件名").fill("permits.db")
    query = page.get_by_label("查询语句（SQL）")
    administrator.watch.tolerate("status of 422", "/connectors/permits/trials")
    query.fill("DELETE FROM permit")
    page.get_by_role("button", name="试查一次").click()
    expect(page.get_by_role("alert").filter(has_text="只能读取")).to_be_visible()
    query.fill(QUERY)
    trial = page.get_by_role("group", name="试查")
    trial.get_by_label("number").fill("8")
    page.get_by_role("button", name="试查一次").click()
    expect(trial.get_by_role("status")).to_contain_text("没有查到")
    trial.get_by_label("number").fill("7")
    page.get_by_role("button", name="试查一次").click()
    expect(trial.get_by_role("status")).to_contain_text("已办结")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off sideways"
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="permits")).to_be_visible()
    page.reload()
    expect(page.get_by_label("查询语句（SQL）")).to_have_value(QUERY)
    page.get_by_label("文件名").fill("elsewhere.db")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    page.get_by_role("button", name="试查一次").click()
    expect(page.get_by_role("group", name="试查").get_by_role("status")).to_contain_text("查询失败")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="删除").click()
    expect(page.get_by_text("选择一个连接")).to_be_visible()
    expect(page.get_by_role("button", name="permits")).to_have_count(0)


def test_a_web_service_keeps_its_secret(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/connectors")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_label("标识").fill("register")
    page.get_by_label("接口地址").fill("http://127.0.0.1:9/permits")
    page.get_by_role("button", name="添加请求头").click()
    page.get_by_label("请求头的名称").fill("Authorization")
    page.get_by_label("请求头的名称").press("Tab")
    page.get_by_label("Authorization", exact=True).fill("Bearer sesame")
    page.get_by_label("参数名").fill("number")
    page.get_by_role("button", name="添加参数").click()
    page.get_by_role("group", name="试查").get_by_label("number").fill("7")
    page.get_by_role("button", name="试查一次").click()
    expect(page.get_by_role("group", name="试查").get_by_role("status")).to_contain_text("查询失败")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="register")).to_be_visible()
    page.reload()
    expect(page.get_by_label("接口地址")).to_have_value("http://127.0.0.1:9/permits")
    assert "sesame" not in page.content()
    assert faults_of(page) == []
