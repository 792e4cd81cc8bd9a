"""An agent without a network for longer than the hub waits: nothing is lost, and the citizen is not left alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.support.house import running_house
from tests.browser.support.people import People
from tests.journeys.support.house import House

GRACE_S = 1.5  # 20 s unless set; what follows is the same


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("house")
    (data / "lianxin.toml").write_text(f"[limits]\ndesk_grace_s = {GRACE_S}\n", "utf-8")
    with running_house(data) as house:
        yield house


def test_who_was_away_too_long_is_offered_their_conversation_again_and_sends_what_they_wrote(people: People) -> None:
    zhou, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    zhou.accept()
    at = zhou.page.url
    zhou.say("您好")
    expect(citizen.log.get_by_text("您好", exact=True)).to_be_visible()

    zhou.lose_network()
    expect(zhou.banner).to_be_visible()
    zhou.page.get_by_role("button", name="周敏的菜单").click()
    zhou.page.get_by_role("menuitem", name="快捷键").click()  # not fetched yet: it comes with the network
    zhou.say("没有网时写的")
    expect(zhou.entry("没有网时写的")).to_contain_text("等待网络恢复后发送")
    zhou.field.fill("写了一半")
    expect(citizen.log).to_contain_text("正在为您优先安排其他工作人员")
    citizen.say("还有人吗")
    expect(citizen.chat.get_by_text("已送达").last).to_be_visible()

    # nobody else was there: the one who comes back is offered it first of all, and what they wrote is theirs to send
    zhou.watch.tolerate("status of 403", "/messages")
    zhou.watch.tolerate("status of 403", "/draft")
    zhou.regain_network()
    expect(zhou.banner).to_be_hidden()
    expect(zhou.page.get_by_role("dialog", name="快捷键")).to_be_visible()
    zhou.page.keyboard.press("Escape")
    expect(zhou.entry("没有网时写的")).to_contain_text("未发出")
    expect(zhou.offer).to_be_visible()
    zhou.page.keyboard.press("Alt+a")
    expect(zhou.field).to_be_visible()
    expect(zhou.page).to_have_url(at)
    expect(zhou.entry("还有人吗")).to_be_visible()
    expect(zhou.field).to_have_value("写了一半")
    zhou.entry("没有网时写的").get_by_role("button", name="重新发送").click()
    expect(citizen.log.get_by_text("没有网时写的")).to_have_count(1)
    expect(zhou.entry("没有网时写的")).to_have_count(1)


def test_a_colleague_goes_on_where_the_lost_one_was_and_nothing_is_said_twice(people: People) -> None:
    zhou, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    zhou.accept()
    zhou.say("请稍等，我查一下")
    expect(citizen.log).to_contain_text("请稍等，我查一下")
    li = people.agent("li")
    zhou.lose_network()
    expect(zhou.banner).to_be_visible()
    zhou.say("查到了")
    li.accept()
    expect(li.entry("请稍等，我查一下")).to_be_visible()
    li.say("我接着为您查")
    expect(citizen.log).to_contain_text("我接着为您查")

    zhou.watch.tolerate("status of 403", "/messages")
    zhou.regain_network()
    expect(zhou.banner).to_be_hidden()
    expect(zhou.rows).to_have_count(0)
    expect(zhou.entry("查到了")).to_contain_text("未发出")
    expect(citizen.log.get_by_text("查到了")).to_have_count(0)
