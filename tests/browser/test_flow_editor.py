"""The administrator looks at a flow, tries it, changes it by keys, saves a version."""

from playwright.sync_api import expect

from tests.browser.support.axe import faults_of
from tests.browser.support.people import Agent
from tests.journeys.support.house import House

SIZES = ((1440, 900), (1280, 800), (720, 900))


def test_a_flow_is_tried_changed_and_saved(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/flows/hotline")
    expect(page.get_by_text("没有问题，可以发布")).to_be_visible()
    chat = page.get_by_role("region", name="网上聊天")
    chat.get_by_role("button", name="开始试运行").click()
    expect(chat.get_by_text("12345").first).to_be_visible()
    phone = page.get_by_role("region", name="电话")
    phone.get_by_role("button", name="开始试运行").click()
    expect(phone.get_by_text("12345").first).to_be_visible()
    page.get_by_label("新步骤标识").fill("farewell")
    page.get_by_label("新步骤类型").select_option("end")
    page.get_by_role("button", name="添加步骤").press("Enter")
    expect(page.get_by_text("没有路径到达此步骤")).to_be_visible()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off sideways"
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("没有问题，可以发布")).to_be_visible()
    step = page.get_by_role("group", name="流程图").get_by_role("button").first
    step.press("Enter")
    expect(step).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="复制步骤").press("Enter")
    page.get_by_role("button", name="撤销").click()
    page.get_by_role("button", name="重做").click()
    page.get_by_role("button", name="保存为新版本").click()
    expect(page.get_by_text("已保存为第 2 版").first).to_be_visible()
