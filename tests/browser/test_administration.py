"""The administrator's day: plugins stopped, broken and repaired, a new colleague who logs in."""

import re

from playwright.sync_api import expect

from tests.browser.support.people import ADMIN_PASSWORD, Agent, People
from tests.journeys.support.house import House


def test_the_first_log_in_wants_a_password_of_ones_own(people: People, house: House) -> None:
    admin = people.agent()
    page = admin.page
    page.goto(f"{house.url}/admin/plugins")
    expect(page).to_have_url(re.compile("/login"))
    admin.watch.tolerate("status of 401", "/api/v1/session")
    page.get_by_label("用户名").fill("admin")
    page.get_by_label("密码").fill("not-this-one")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确")
    page.get_by_label("密码").fill(house.first_password)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("heading", name="请设置新密码")).to_be_visible()
    page.goto(f"{house.url}/admin/plugins")
    expect(page.get_by_role("heading", name="请设置新密码")).to_be_visible()
    admin.watch.tolerate("status of 422", "/session/password")
    admin.change_password(house.first_password, "admin")
    expect(page.get_by_role("alert")).to_contain_text("新密码太简单")
    admin.change_password(house.first_password, ADMIN_PASSWORD)
    expect(page.get_by_role("heading", name="插件")).to_be_visible()
    house.first_password = ADMIN_PASSWORD


def test_a_plugin_is_stopped_started_broken_and_repaired(people: People, house: House, administrator: Agent) -> None:
    citizen = people.citizen()
    citizen.watch.may_lose_the_line = True
    citizen.open()
    page = administrator.page
    page.goto(f"{house.url}/admin/plugins/web_chat-main")
    status = page.get_by_role("region", name="运行状态")
    expect(status).to_contain_text("渠道可用")
    switch = page.get_by_role("switch", name="启用 web_chat-main")
    switch.press("Space")
    expect(page.get_by_role("button", name=re.compile("^web_chat-main"))).to_contain_text("已停用")
    lost = citizen.chat.get_by_text("网络断开了，正在重新连接")
    expect(lost).to_be_visible()
    citizen.say("停用时写的")
    expect(citizen.chat.get_by_text("发送中")).to_be_visible()
    switch.press("Space")
    expect(status).to_contain_text("渠道可用", timeout=30_000)
    expect(lost).to_be_hidden(timeout=30_000)
    expect(citizen.chat.get_by_text("发送中")).to_have_count(0)

    administrator.watch.tolerate("status of 422", "/instances/web_chat-main")
    color = page.get_by_label("主题颜色")
    kept = color.input_value()
    color.fill("zebra")
    page.get_by_role("button", name="保存").click()
    expect(color).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert").filter(has_text="#")).to_be_visible()
    color.fill("#0a6f74" if kept != "#0a6f74" else "#1657d9")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    expect(color).not_to_have_attribute("aria-invalid", "true")
    expect(status).to_contain_text("渠道可用", timeout=30_000)
    citizen.page.reload()
    expect(citizen.chat.locator(".root")).to_have_attribute("style", re.compile("#0a6f74"))


def test_a_new_colleague_logs_in_with_the_password_shown_once(
    people: People, house: House, administrator: Agent
) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/users")
    page.get_by_role("button", name="添加").first.click()
    page.get_by_label("用户名").fill("wang")
    page.get_by_label("姓名").fill("王芳")
    page.get_by_label("工号").fill("3023")
    expect(page.locator(".el-select").filter(has=page.get_by_role("combobox", name="角色"))).to_contain_text("坐席")
    page.get_by_role("combobox", name="队列").press("Enter")
    page.get_by_role("option", name="综合服务", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="保存").click()
    dialog = page.get_by_role("dialog", name="王芳的初始密码")
    first = dialog.locator("code").inner_text()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("王芳"))).to_be_visible()

    wang = people.agent()
    wang.log_in("wang", first)
    wang.change_password(first, ADMIN_PASSWORD)
    expect(wang.page.get_by_role("button", name="开始值班")).to_be_enabled()
    wang.page.get_by_role("button", name="开始值班").click()
    expect(wang.page.get_by_role("button", name="我的状态")).to_contain_text("可接待")
    expect(wang.page.get_by_role("link", name="系统管理")).to_have_count(0)
    citizen = people.citizen()
    citizen.ask_for_a_person()
    wang.accept()
    expect(citizen.log).to_contain_text("3023")
