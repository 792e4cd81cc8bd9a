"""The knowledge base in a browser: found as one types, suggested on the desk, written and let out by editors."""

import io
import re
import wave

from playwright.sync_api import Route, expect

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
        expect(page.get_by_text(words).first).to_be_visible()  # test_accessibility.py looks at them
    page.goto(f"{administrator.url}/knowledge?q=tsg")
    expect(page.get_by_role("region", name="查找结果")).to_contain_text("图书馆开放时间")


def silence(seconds: int) -> bytes:
    """Return a sound of it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(16_000 * seconds))
    return file.getvalue()


def test_an_editor_adds_a_file_a_template_and_the_general_article(administrator: Agent) -> None:
    page = administrator.page
    administrator.call("PUT", "/template-kinds", kind_id="notice", title={"zh": "知识短信"})
    administrator.call("PUT", "/templates", kind_id="notice", title="热线短信", text="请拨打 12345")
    base = administrator.call("POST", "/knowledge/articles", content={"title": "高温津贴标准", "body": "每月两百元"})
    page.goto(f"{administrator.url}/knowledge/edit/articles/new")
    page.get_by_label("标题").fill("新区高温津贴标准")
    page.get_by_label("正文").fill("每月三百元")
    page.get_by_label("适用地区").fill("新区")
    page.get_by_label("通用条目").fill("高温津贴")
    page.get_by_role("option", name="高温津贴标准").click()
    page.get_by_label("短信与回复模板").select_option("热线短信")
    page.locator("input[type=file]").set_input_files(
        {"name": "申请表.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 form"}
    )
    expect(page.get_by_role("button", name="移除 申请表.pdf")).to_be_visible()
    assert_clean(page, "knowledge-links")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_role("button", name="停用")).to_be_visible()
    administrator.call("POST", f"/knowledge/articles/{base['row']['article_id']}/publish")

    article_id = page.url.rpartition("/")[2]
    page.goto(f"{administrator.url}/knowledge/{article_id}")
    article = page.get_by_role("article", name="新区高温津贴标准")
    expect(article.get_by_role("region", name="短信与回复模板")).to_contain_text("请拨打 12345")
    with page.expect_download() as download:
        article.get_by_role("link", name="申请表.pdf").click()
    assert download.value.suggested_filename == "申请表.pdf"
    article.get_by_role("region", name="各地规定").get_by_role("button", name="对比").click()
    expect(article.locator("ins").filter(has_text="每月两百元")).to_be_visible()
    expect(article.locator("del").filter(has_text="每月三百元")).to_be_visible()
    assert_clean(page, "knowledge-variant")
    article.get_by_role("button", name="返回正文").click()
    expect(article.locator(".text")).to_have_text("每月三百元")


def test_an_article_opened_from_a_conversation_is_read_aloud_and_its_link_sent(people: People) -> None:
    agent, citizen = people.agent("zhou"), people.citizen()
    citizen.ask_for_a_person()
    agent.accept()
    citizen.say("老人八十岁了，高龄津贴怎么申请")
    suggestions = agent.page.get_by_role("region", name="知识推荐")
    suggested = suggestions.get_by_role("listitem").filter(has_text="八十岁以上老人高龄津贴申请")
    suggested.get_by_role("link", name="查看").click()
    article = agent.page.get_by_role("article", name="八十岁以上老人高龄津贴申请")

    def sound(route: Route) -> None:  # there is no voice on this machine
        is_last = "/sounds/1" in route.request.url
        route.fulfill(body=silence(60 if is_last else 1), content_type="audio/wav")

    agent.page.route("**/sounds/*", sound)
    agent.page.route("**/lines*", lambda route: route.fulfill(json={"lines": ["高龄津贴", "年满"], "is_voice": True}))
    article.get_by_role("button", name="朗读给我听").click()
    article.get_by_role("button", name="停止朗读（2/2）").click()
    expect(article.get_by_role("button", name="朗读给我听")).to_be_visible()
    article.get_by_role("button", name="发送链接或模板").click()
    assert_clean(agent.page, "knowledge-sending")
    article.get_by_role("menuitem", name="发送链接").click()
    expect(citizen.log).to_contain_text("/public/articles/")
    link = citizen.log.get_by_text("/public/articles/").inner_text()
    citizen.page.goto(re.search(r"http\S+", link)[0])  # type: ignore[index]
    expect(citizen.page.get_by_role("heading", name="八十岁以上老人高龄津贴申请")).to_be_visible()
    assert_clean(citizen.page, "public-article")
    article.get_by_role("button", name="填入回复").click()
    expect(agent.field).to_have_value(re.compile("年满八十周岁"))
