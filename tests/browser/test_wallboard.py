"""The wallboard as a supervisor sees it: live figures, alarms, control of agents, a wall's screen."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.support.looks import assert_clean, assert_reflows
from tests.browser.support.people import Agent, People
from tests.journeys.support.house import House


@pytest.fixture
def supervisor(people: People) -> Agent:
    supervisor = people.agent()
    supervisor.log_in("chen")
    supervisor.page.get_by_role("link", name="监控大屏").click()
    expect(tile(supervisor, "呼入量")).to_be_visible()
    return supervisor


def tile(agent: Agent, name: str) -> Locator:
    return agent.page.locator(".tile").filter(has=agent.page.get_by_text(name, exact=True)).locator(".value")


def test_figures_follow_a_conversation_without_a_reload(people: People, supervisor: Agent) -> None:
    before = int(tile(supervisor, "呼入量").inner_text())
    citizen, agent = people.citizen(), people.agent("zhou")
    citizen.ask_for_a_person()
    expect(tile(supervisor, "呼入量")).to_have_text(str(before + 1))
    agent.accept()
    mine = supervisor.page.get_by_role("listitem").filter(has_text="3021")
    expect(mine).to_contain_text("服务 1 个")
    expect(supervisor.page.get_by_role("row").filter(has_text="综合服务").first).to_contain_text("服务 1")
    assert_clean(supervisor.page, "wallboard")
    assert_reflows(supervisor.page)
    expect(tile(supervisor, "在岗坐席")).to_have_text("1 / 4")
    queue = supervisor.page.get_by_role("columnheader", name="队列").first
    queue.get_by_role("button").press("Enter")
    expect(queue).to_have_attribute("aria-sort", "ascending")
    supervisor.page.get_by_role("button", name="列表视图").click()
    expect(supervisor.page.get_by_role("row").filter(has_text="3021")).to_contain_text("服务 1 个")
    supervisor.page.get_by_role("button", name="管理 周敏").click()
    supervisor.page.get_by_role("menuitem", name="查看桌面状态").press("Enter")
    desktop = supervisor.page.get_by_role("dialog", name="周敏 的桌面状态")
    expect(desktop).to_contain_text("工作台")
    expect(agent.page.get_by_text("陈静 正在查看您的桌面状态")).to_be_visible()
    assert_clean(supervisor.page, "desktop-state")
    supervisor.page.keyboard.press("Escape")
    expect(desktop).to_have_count(0)
    supervisor.page.get_by_role("button", name="管理 周敏").click()
    supervisor.page.get_by_role("menuitem", name="强制签退").press("Enter")
    expect(supervisor.page.get_by_role("row").filter(has_text="3021")).to_contain_text("未值班")
    expect(supervisor.page.get_by_role("region", name="排队明细")).to_contain_text("网页咨询")
    supervisor.page.get_by_role("link", name="统计报表").click()
    expect(tile(supervisor, "请求人工")).to_have_text(str(before + 1))
    figures = supervisor.page.get_by_role("region", name="统计表")
    expect(figures.get_by_role("row").filter(has_text="综合服务")).to_be_visible()
    supervisor.page.get_by_label("统计维度").select_option(label="渠道")
    expect(figures.get_by_role("row").filter(has_text="网页咨询")).to_be_visible()
    assert_clean(supervisor.page, "reports")
    assert_reflows(supervisor.page)


def test_an_alarm_sounds_and_is_acknowledged(supervisor: Agent) -> None:
    page = supervisor.page
    page.get_by_role("link", name="告警规则").click()
    rule = page.locator(".admin-form .body")
    expect(rule).to_contain_text("阈值")
    assert_clean(page, "alarm-rules")
    page.evaluate(
        """async () => {
          const me = await (await fetch('/api/v1/session')).json()
          const rules = [{rule_id: 'away-long', kind: 'away_longer', limit: 0, is_urgent: true}]
          const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': me.csrf}
          const body = JSON.stringify({rules})
          await fetch('/api/v1/wallboard/settings', {method: 'PUT', headers, body})
        }"""
    )
    supervisor.choose_state("小休")
    expect(page.get_by_text(re.compile("陈静 · 离开时长")).first).to_be_visible()
    page.get_by_role("link", name="监控大屏").click()
    alarms = page.get_by_role("list", name="告警")
    expect(alarms).to_contain_text("陈静 · 离开时长")
    assert_clean(page, "wallboard-alarm")
    alarms.get_by_role("button", name="确认").press("Enter")
    expect(alarms).to_contain_text("陈静 已于")
    page.get_by_text("告警记录").click()
    log = page.get_by_role("group").filter(has_text="告警记录")
    for words in ("触发", "陈静 确认"):
        expect(log.get_by_text(words, exact=True).first).to_be_visible()
    assert_clean(page, "wallboard-log")
    page.get_by_role("button", name="提醒与备忘").click()
    tray = page.get_by_role("dialog", name="提醒与备忘")
    expect(tray.get_by_role("button", name=re.compile("陈静 · 离开时长"))).to_be_visible()
    tray.get_by_role("button", name="全部已读").click()
    page.keyboard.press("Escape")
    supervisor.choose_state("忙碌")
    expect(alarms).to_have_count(0)


def test_a_wall_shows_one_page_after_the_other_and_nothing_scrolls(supervisor: Agent) -> None:
    page = supervisor.page
    button = page.get_by_role("button", name="大屏模式")
    button.press("Enter")
    wall = page.get_by_role("dialog", name="大屏模式")
    expect(wall.get_by_role("heading")).to_have_text("全部队列")
    smallest = wall.evaluate(
        """wall => Math.min(...[...wall.querySelectorAll('dt, dd, li *, h2, .place')]
          .filter((one) => one.textContent.trim()).map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
    )
    assert smallest >= 28
    for _ in range(5):
        assert wall.evaluate(
            """wall => [wall, ...wall.querySelectorAll('.tile, li')]
              .every((one) => one.scrollHeight <= one.clientHeight + 1 && one.scrollWidth <= one.clientWidth + 1)"""
        )
        heading = wall.get_by_role("heading").inner_text()
        page.keyboard.press("ArrowRight")
        expect(wall.get_by_role("heading")).not_to_have_text(heading)
    assert_clean(page, "wallboard-tv")
    page.keyboard.press("Escape")
    expect(wall).to_have_count(0)
    expect(button).to_be_focused()


def test_a_supervisor_looks_at_one_site_assigns_what_waits_and_locks_an_agent(
    people: People, supervisor: Agent
) -> None:
    page = supervisor.page
    sites = [
        {"site_id": "east", "title": {"zh": "城东分中心"}, "queue_ids": ["general"], "work_numbers": ["3021"]},
        {"site_id": "west", "title": {"zh": "城西分中心"}, "queue_ids": ["housing"]},
    ]
    before = supervisor.call("GET", "/wallboard/settings")
    supervisor.call("PUT", "/wallboard/settings", **{**before, "sites": sites})
    agent, citizen = people.agent("zhou"), people.citizen()
    me = agent.call("GET", "/session")["user_id"]
    for one in supervisor.call("GET", "/conversations?view=waiting")["items"]:  # of other tests
        supervisor.call("POST", f"/conversations/{one['conversation_id']}/assign", agent_id=me)
    agent.choose_state("忙碌")
    citizen.ask_for_a_person()
    view = page.get_by_label("查看范围")
    expect(view.get_by_role("option", name="城西分中心")).to_have_count(1)
    view.select_option(label="城西分中心")
    expect(page.get_by_role("row").filter(has_text="公积金专席")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="综合服务")).to_have_count(0)
    view.select_option(label="城东分中心")
    expect(page).to_have_url(re.compile("view=site(:|%3A)east"))
    page.reload()
    expect(tile(supervisor, "在岗坐席")).to_have_text("1 / 1")
    page.get_by_label(re.compile("^把.*分配给")).select_option(label="周敏 · 忙碌")
    expect(page.get_by_text("目前无人排队")).to_be_visible()
    expect(citizen.log).to_contain_text("工号 3021 为您服务")
    tray = agent.page.get_by_role("button", name="提醒与备忘")
    tray.click()
    notices = agent.page.get_by_role("dialog", name="提醒与备忘").get_by_role(
        "button", name=re.compile("陈静 将与.*分配给您")
    )
    notices.first.click()  # the newest; the same house serves every test of this module
    expect(agent.field).to_be_visible()
    for action, state in (("强制闭锁", "已被班长闭锁"), ("解除闭锁", "忙碌")):
        page.get_by_role("button", name="管理 周敏").click()
        page.get_by_role("menuitem", name=action).press("Enter")
        expect(agent.page.get_by_role("button", name="我的状态")).to_contain_text(state)
    supervisor.call("PUT", "/wallboard/settings", **before)


def test_an_agent_finds_no_wallboard(people: People, house: House) -> None:
    agent = people.agent("li")
    expect(agent.page.get_by_role("link", name="工作台")).to_be_visible()
    expect(agent.page.get_by_role("link", name="监控大屏")).to_have_count(0)
    agent.page.goto(f"{house.url}/wallboard")
    expect(agent.page).to_have_url(re.compile("/desk"))
