"""The administrator makes, changes, tries, compares and publishes flows, by mouse and by keys alone."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.support.axe import faults_of
from tests.browser.support.looks import assert_clean
from tests.browser.support.people import ADMIN_PASSWORD, Agent, People
from tests.journeys.support.house import House

FINE = "没有问题，可以发布"


def open_flow(page: Page, house: House, flow_id: str) -> None:
    """Open a flow in the editor, and wait until it is drawn and checked."""
    page.goto(f"{house.url}/admin/flows/{flow_id}")
    wait_for_steps(page)


def wait_for_steps(page: Page) -> None:
    """Wait until the flow is drawn, which takes measuring it first, and checked."""
    expect(page.get_by_text(FINE)).to_be_visible()
    expect(page.locator("[data-step]").first).to_be_visible()


def make_flow(page: Page, house: House, flow_id: str, starter: str) -> None:
    """Make a flow from a starter; its editor is open then."""
    page.goto(f"{house.url}/admin/flows")
    page.get_by_role("button", name="新建流程").click()
    dialog = page.get_by_role("dialog", name="新建流程")
    dialog.get_by_label("名称").fill("窗口咨询")
    dialog.get_by_label("标识").fill(flow_id)
    dialog.get_by_label(starter).check()
    dialog.get_by_role("button", name="创建").click()
    expect(page.get_by_role("heading", name="窗口咨询")).to_be_visible()
    wait_for_steps(page)


def save(page: Page, version: int) -> None:
    """Save, and wait until it is the version."""
    page.get_by_role("button", name="保存为新版本").click()
    expect(page.get_by_text(f"已保存为第 {version} 版").first).to_be_visible()


def test_a_flow_is_made_drawn_tried_published_and_rolled_back(house: House, administrator: Agent) -> None:
    page = administrator.page
    make_flow(page, house, "window", "问候后转人工")
    step = page.locator("[data-step=hello]")

    step.drag_to(page.locator(".canvas"), target_position={"x": 60, "y": 60})
    expect(page.get_by_text("有未保存的修改")).to_be_visible()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("有未保存的修改")).to_have_count(0)

    page.get_by_role("group", name="添加步骤").get_by_role("button", name="结束").click()
    expect(page.get_by_text("没有路径到达此步骤").first).to_be_visible()
    page.get_by_role("button", name="显示全部").click()
    served = page.locator(".vue-flow__handle[data-nodeid=people][data-handleid='on.served']")
    end = page.locator(".vue-flow__handle.target[data-nodeid=end]")
    served.drag_to(end)
    expect(page.get_by_text(FINE)).to_be_visible()
    save(page, 2)

    page.get_by_role("button", name="同时开始").click()
    chat, phone = page.get_by_role("region", name="网上聊天"), page.get_by_role("region", name="电话")
    for medium in (chat, phone):
        expect(medium.get_by_role("log")).to_contain_text("进入队列 general")
        medium.get_by_role("button", name="假定：已接待").click()
        expect(medium.get_by_role("log")).to_contain_text("流程已结束")

    page.get_by_role("button", name="发布此版本").click()
    expect(page.get_by_text("第 2 版已发布").first).to_be_visible()
    page.get_by_role("button", name="比较 1").click()
    difference = page.get_by_role("status").filter(has_text="从第 1 版到第 2 版的变化")
    expect(difference).to_contain_text("接待结束后")
    page.get_by_role("button", name="回退到此版本 1").click()
    expect(page.get_by_text("第 1 版已发布").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="第 1 版")).to_contain_text("使用中")


def test_a_menu_is_tried_with_buttons_in_the_chat_and_keys_on_the_phone(house: House, administrator: Agent) -> None:
    page = administrator.page
    make_flow(page, house, "counter", "按键菜单")
    page.get_by_role("button", name="同时开始").click()
    chat, phone = page.get_by_role("region", name="网上聊天"), page.get_by_role("region", name="电话")
    expect(phone.get_by_role("log")).to_contain_text("办事指南请按 1")
    chat.get_by_role("button", name="办事指南").click()
    expect(chat.get_by_role("log")).to_contain_text("请在这里写上常见事项")
    phone.get_by_role("group", name="拨号盘").get_by_role("button", name="1", exact=True).click()
    expect(phone.get_by_role("log")).to_contain_text("请在这里写上常见事项")


def test_a_flow_is_changed_by_keys_alone(house: House, administrator: Agent) -> None:
    page = administrator.page
    make_flow(page, house, "keys", "问候后转人工")
    step = page.locator("[data-step=hello]")
    step.press("Enter")
    expect(step).to_have_attribute("aria-pressed", "true")
    step.press("ArrowRight")
    expect(page.get_by_text("有未保存的修改")).to_be_visible()
    page.get_by_role("group", name="添加步骤").get_by_role("button", name="播报").press("Enter")
    expect(page.locator("[data-step=say]")).to_be_focused()
    expect(page.get_by_role("button", name="say", exact=True).first).to_be_visible()  # what lint says leads to it
    words = page.get_by_label("中文 说的话")
    words.fill("请准备好身份证。")
    words.blur()
    page.get_by_label("英文 说的话").fill("Please have your identity card ready.")
    page.get_by_label("英文 说的话").blur()
    expect(page.get_by_text(FINE)).to_be_visible()

    page.get_by_role("button", name="列表", exact=True).press("Enter")
    outline = page.get_by_role("list", name="步骤列表")
    outline.get_by_label("之后 （步骤 say）").select_option("message")
    expect(outline.get_by_label("之后 （步骤 hello）")).to_have_value("say")
    page.get_by_label("步骤标识").fill("papers")
    page.get_by_label("步骤标识").blur()
    expect(outline.get_by_label("之后 （步骤 hello）")).to_have_value("papers")
    page.once("dialog", lambda dialog: dialog.accept())
    outline.get_by_role("button", name="删除步骤 papers").press("Enter")
    expect(page.get_by_text("指向不存在的步骤").first).to_be_visible()
    page.get_by_role("button", name="撤销").press("Enter")
    expect(page.get_by_text(FINE)).to_be_visible()
    save(page, 2)


def test_two_administrators_change_one_flow_and_nothing_is_lost(
    people: People, house: House, administrator: Agent
) -> None:
    page = administrator.page
    make_flow(page, house, "shared", "问候后转人工")
    other = people.agent()
    other.log_in("admin", ADMIN_PASSWORD)
    expect(other.page).not_to_have_url(re.compile("/login"))
    open_flow(other.page, house, "shared")
    for one in (page, other.page):
        one.locator("[data-step=hello]").press("ArrowDown")
    save(page, 2)
    other.watch.tolerate("status of 409", "/flows/shared/versions")
    other.page.get_by_role("button", name="保存为新版本").click()
    expect(other.page.get_by_role("alert").filter(has_text="刚刚保存了第 2 版")).to_be_visible()
    other.page.get_by_role("button", name="把我的另存为更新的版本").click()
    expect(other.page.get_by_text("已保存为第 3 版").first).to_be_visible()
    expect(other.page.get_by_role("row").filter(has_text="第 2 版")).to_be_visible()

    other.page.locator("[data-step=hello]").press("ArrowDown")
    expect(other.page.get_by_text("有未保存的修改")).to_be_visible()
    other.page.once("dialog", lambda dialog: dialog.dismiss())
    other.page.get_by_role("button", name="返回流程列表").click()
    expect(other.page.get_by_text("有未保存的修改")).to_be_visible()
    other.page.once("dialog", lambda dialog: dialog.accept())
    other.page.get_by_role("button", name="返回流程列表").click()
    expect(other.page.get_by_text("有未保存的修改")).to_have_count(0)


def test_a_flow_is_taken_along_as_a_file_and_brought_back(house: House, administrator: Agent, tmp_path: Path) -> None:
    page = administrator.page
    make_flow(page, house, "brought", "问候后转人工")
    page.get_by_role("button", name="更多操作").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="导出为文件").click()
    graph = json.loads(download.value.path().read_text("utf-8"))
    graph["nodes"]["hello"]["text"]["zh"] = "您好，这里是新来的流程"
    file = tmp_path / "brought.flow.json"
    file.write_text(json.dumps(graph), "utf-8")
    field = page.locator("input[type=file][accept*=json]")
    field.set_input_files(file)
    expect(page.locator("[data-step=hello]")).to_contain_text("这里是新来的流程")
    save(page, 2)

    for words, fault in (("{", "这不是有效的 JSON 文件"), ("{}", "文件里没有流程")):
        file.write_text(words, "utf-8")
        field.set_input_files(file)
        expect(page.get_by_text(fault).first).to_be_visible()
    expect(page.locator("[data-step=hello]")).to_contain_text("这里是新来的流程")


def test_a_flow_is_archived_once_no_channel_leads_to_it(house: House, administrator: Agent) -> None:
    page = administrator.page
    administrator.watch.tolerate("status of 409", "/archive")
    make_flow(page, house, "spare", "问候后转人工")
    page.get_by_role("button", name="发布此版本").click()
    expect(page.get_by_text("第 1 版已发布").first).to_be_visible()
    page.goto(f"{house.url}/admin/entries")
    page.get_by_role("button", name="添加").click()
    row = page.get_by_role("row").last
    row.get_by_label(re.compile("^渠道")).select_option("web_chat-main")
    row.get_by_label(re.compile("^被叫号码")).fill("spare")
    row.get_by_label(re.compile("^流程")).select_option("spare")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()

    open_flow(page, house, "spare")
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("menuitem", name="归档").click()
    expect(page.get_by_text("不能停用").first).to_be_visible()
    page.goto(f"{house.url}/admin/entries")
    page.get_by_role("button", name="移除 web_chat-main/spare").click()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    open_flow(page, house, "spare")
    page.get_by_role("button", name="更多操作").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="导出为文件").click()
    assert '"people"' in saved.value.path().read_text()
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("menuitem", name="归档").click()
    expect(page.get_by_text("已归档").first).to_be_visible()


def test_the_editor_is_usable_by_everybody(house: House, administrator: Agent) -> None:
    page = administrator.page
    open_flow(page, house, "hotline")
    page.locator("[data-step=menu]").press("Enter")
    page.get_by_role("button", name="同时开始").click()
    expect(page.get_by_role("region", name="电话").get_by_role("log")).to_contain_text("12345")
    assert_clean(page, "flow-graph")
    page.get_by_role("button", name="列表", exact=True).click()
    expect(page.get_by_role("list", name="步骤列表")).to_be_visible()
    assert faults_of(page) == []
