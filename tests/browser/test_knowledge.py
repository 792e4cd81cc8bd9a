"""The knowledge base in a browser: found as one types, suggested on the desk, written and let out by editors."""

import re

from playwright.sync_api import expect

from tests.browser.support.looks import assert_clean
from tests.browser.support.people import Agent, People


def test_an_agent_finds_reads_and_reports(people: People) -> None:
    agent = people.agent()
    agent.log_in("zhou")
    page = agent.page
    page.get_by_role("link", name="知识库").click()
    field = page.get_by_role("searchbox", name="查找知识")
    expect(field).to_be_focused()
    field.fill("gjjtq")
    results = page.get_by_role("region", name="查找结果")
    expect(results.get_by_role("button").first).to_contain_text("公积金")
    field.fill("家里冷")
    expect(results.get_by_role("button", name=re.compile("暖气不热"))).to_be_visible()
    assert_clean(page, "knowledge-results")
    field.press("ArrowDown")
    page.keyboard.press("Enter")
    article = page.get_by_role("article", name="家里暖气不热怎么办")
    expect(article).to_contain_text("拧开放气阀")
    article.get_by_role("button", name="报错").click()
    article.get_by_label("哪里不对").fill("上门时限应为一小时")
    assert_clean(page, "knowledge-article")
    article.get_by_role("button", name="提交给编辑").click()
    expect(article.get_by_role("region", name="意见与报错")).to_contain_text("上门时限应为一小时")


def test_an_answer_is_suggested_while_the_citizen_writes(people: People) -> None:
    agent, citizen = people.agent(), people.citizen()
    agent.log_in("zhou")
    agent.page.get_by_role("button", name="开始值班").click()
    citizen.ask_for_a_person()
    agent.accept()
    citizen.say("老人八十岁了，高龄津贴怎么申请")
    suggestions = agent.page.get_by_role("region", name="知识推荐")
    expect(suggestions.get_by_role("listitem").first).to_contain_text("高龄津贴申请")
    assert_clean(agent.page, "desk-suggestions")
    suggestions.get_by_role("button", name="填入回复").first.click()
    expect(agent.field).to_have_value(re.compile("年满八十周岁"))
    agent.field.press("Enter")
    expect(citizen.log).to_contain_text("年满八十周岁")


def test_an_editor_writes_and_lets_out(administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{administrator.url}/knowledge/edit/articles")
    page.get_by_role("button", name="添加").click()
    page.get_by_label("标题").fill("图书馆开放时间")
    page.get_by_label("正文").fill("周二至周日 9:00-21:00，周一闭馆。")
    page.get_by_label("关键词").fill("图书馆、借书")
    page.get_by_role("button", name="保存草稿").click()
    publish = page.get_by_role("button", name="发布", exact=True)
    expect(publish).to_be_visible()
    assert_clean(page, "knowledge-edit")
    publish.click()
    expect(page.get_by_role("button", name="停用")).to_be_visible()
    for name, words in (("feedback", "查不到的问题"), ("words", "同义词"), ("import", "选择文件夹")):
        page.goto(f"{administrator.url}/knowledge/edit/{name}")
        expect(page.get_by_text(words).first).to_be_visible()
        assert_clean(page, f"knowledge-{name}")
    page.goto(f"{administrator.url}/knowledge?q=tsg")
    expect(page.get_by_role("region", name="查找结果")).to_contain_text("图书馆开放时间")
