"""What administrators define for the desk, and agents then use: forms, tags, groups that lead into queues."""

import re

from playwright.sync_api import expect

from tests.browser.support.looks import assert_clean
from tests.browser.support.people import Agent, People
from tests.journeys.support.house import House


def test_an_agent_picks_a_form_fills_it_in_and_closes_with_it(people: People) -> None:
    zhou, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    zhou.accept()
    page, at = zhou.page, zhou.page.url
    zhou.end()
    page.get_by_role("radio", name="当场答复").check()
    form = page.get_by_role("region", name="表单")
    form.get_by_role("combobox", name="表单").select_option("留言登记")
    form.get_by_role("textbox", name="留言给").fill("供热科")
    expect(page.get_by_text("已自动保存")).to_be_visible()

    zhou.watch.tolerate("status of 422", "/wrap-up")
    page.keyboard.press("Alt+w")
    content = form.get_by_role("textbox", name="内容")
    expect(content).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_role("alert")).to_have_text("必须填写")
    assert_clean(page, "form")
    content.fill("三号楼暖气不热")
    form.get_by_role("combobox", name="需要回复").select_option("是")
    page.keyboard.press("Alt+w")
    expect(page.get_by_text("的会话已完成")).to_be_visible()

    # a moment long the end can be taken back; nothing has to be written again
    page.keyboard.press("Alt+z")
    expect(page).to_have_url(at)
    expect(form.get_by_role("textbox", name="留言给")).to_have_value("供热科")
    expect(content).to_have_value("三号楼暖气不热")
    page.get_by_role("radio", name="当场答复").check()
    page.keyboard.press("Alt+w")
    expect(zhou.rows).to_have_count(0)
    kept = zhou.call("GET", f"/conversations/{at.rpartition('/')[2]}")
    assert (kept["state"], kept["form"]["values"]["reply"]) == ("closed", "yes")


def test_a_form_and_a_tag_are_made_and_offered_at_once(people: People, house: House, administrator: Agent) -> None:
    zhou, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    zhou.accept()
    page = administrator.page
    page.goto(f"{house.url}/admin/forms")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_label("标识", exact=True).fill("repair")
    page.get_by_label("中文 名称").first.fill("报修登记")
    page.get_by_role("button", name="添加栏目").click()
    page.get_by_label("栏目标识").fill("floor")
    page.get_by_label("中文 名称").nth(1).fill("楼层")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    page.goto(f"{house.url}/admin/tags")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_label("标识", exact=True).fill("urgent-repair")
    page.get_by_label("中文 名称").fill("急修")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()

    desk = zhou.page
    desk.get_by_role("tab", name="小结").click()
    desk.get_by_role("region", name="表单").get_by_role("combobox", name="表单").select_option("报修登记")
    desk.get_by_role("textbox", name="楼层").fill("十二层")
    tags = desk.get_by_role("combobox", name="会话标签")
    tags.fill("急修")
    desk.get_by_role("option", name="急修").click()
    expect(zhou.rows.first).to_contain_text("急修")
    tags.fill("第三次来访")
    tags.press("Enter")
    expect(desk.get_by_text("第三次来访").first).to_be_visible()
    expect(desk.get_by_text("已自动保存")).to_be_visible()
    zhou.end()


def test_a_group_is_made_and_somebody_joins_it(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/groups")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_label("标识", exact=True).fill("fund")
    page.get_by_label("中文 名称").fill("公积金组")
    page.get_by_role("button", name="添加队列").click()
    page.get_by_role("combobox", name=re.compile("^队列")).select_option("公积金专席")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    expect(page.get_by_role("region", name="成员")).to_contain_text("还没有成员")

    page.goto(f"{house.url}/admin/users")
    page.get_by_role("button", name="周敏").click()
    page.get_by_role("combobox", name="坐席组").press("Enter")
    page.get_by_role("option", name="公积金组").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    page.goto(f"{house.url}/admin/groups/fund")
    expect(page.get_by_role("region", name="成员")).to_contain_text("周敏")
    assert_clean(page, "groups")
    served = administrator.call("GET", "/users")["items"]
    assert next(one["group_ids"] for one in served if one["username"] == "zhou") == ["fund"]
