"""Mails at the desk, as agents read and answer them, and what arrives at the citizen."""

import asyncio
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from playwright.sync_api import Route, expect

from tests.browser.support.axe import faults_of
from tests.browser.support.people import Agent, People, picture
from tests.journeys.support.house import House
from tests.plugins.email.far_end import ADDRESS, Relay, until_open

SHOWN = ("路灯坏了三天", "回复：路灯不亮", "发件人已验证", "街道办", "抄送 物业", "显示引用的内容")
TRACKER = "http://tracker.example.net/"
PAGE = f"""<div style="font-size:14px">中山路 12 号的<b>路灯</b>坏了三天：<img src="cid:lamp">
<img src="{TRACKER}pixel.gif" width="300" height="60"></div>
<div>------------------ 原始邮件 ------------------</div><div>发件人: 便民热线</div>"""


@pytest.fixture
def relay(house: House, administrator: Agent) -> Iterator[Relay]:
    """Run the e-mail channel between the house and an organisation's mail server."""
    relay = Relay()
    with ThreadPoolExecutor(1) as thread:  # Playwright has this thread's loop
        settings = thread.submit(lambda: asyncio.run(relay.start())).result()
        settings["trusted_servers"] = ["mx.lianxin.test"]
        body = {"plugin": "email", "settings": settings, "is_enabled": True, "probe": True}
        assert administrator.call("PUT", "/instances/email-main", **body) is not None
        until_open(relay.listener)
        yield relay
        thread.submit(lambda: asyncio.run(relay.stop())).result()


def write(relay: Relay, mail: EmailMessage) -> None:
    """Send ``mail`` as the organisation's server passes it on."""
    with smtplib.SMTP("127.0.0.1", relay.listener, timeout=10) as client:
        client.sendmail("lin@example.cn", [ADDRESS], mail.as_bytes())


def complaint(message_id: str) -> EmailMessage:
    """Return a mail as QQ writes them: a page in GB 2312, a picture in it, one beside it, earlier words below."""
    mail = EmailMessage()
    mail["From"] = "林晓 <lin@example.cn>"
    mail["To"] = f"热线 <{ADDRESS}>, 街道办 <jiedao@example.cn>"
    mail["Cc"] = "物业 <wuye@example.cn>"
    mail["Subject"] = "回复：路灯不亮"
    mail["Message-ID"] = message_id
    mail["Authentication-Results"] = "mx.lianxin.test; dkim=pass header.d=example.cn; spf=softfail"
    mail.set_content(PAGE, subtype="html", charset="gb2312")
    lamp = picture("lamp.png")["buffer"]
    mail.add_related(lamp, "image", "png", cid="<lamp>")
    mail.make_mixed()
    mail.add_attachment(lamp, maintype="image", subtype="png", filename="现场照片.png")
    return mail


def test_a_mail_is_read_and_answered(people: People, relay: Relay) -> None:
    agent = people.agent("zhou")
    page = agent.page
    asked: list[str] = []

    def serve(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=picture("")["buffer"], content_type="image/png")

    agent.watch.tolerate("Security Policy", TRACKER)
    agent.watch.tolerate("Security Policy", "/mail/")
    agent.context.route(f"{TRACKER}**", serve)
    write(relay, complaint("<first-0123456789@example.cn>"))
    agent.accept()
    mail = agent.log.get_by_role("article").first
    for told in SHOWN:
        expect(mail).to_contain_text(told)
    expect(mail.get_by_role("img", name="现场照片.png")).to_be_visible()

    mail.get_by_role("button", name="显示原排版").click()
    frame = mail.frame_locator("iframe")
    expect(frame.locator("b")).to_have_text("路灯")
    assert frame.locator("img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") == 120
    assert asked == []
    assert faults_of(page) == []
    page.set_viewport_size({"width": 720, "height": 900})
    bubble, shown = mail.locator(".bubble").bounding_box(), mail.locator("iframe").bounding_box()
    assert bubble is not None
    assert shown is not None
    assert bubble["x"] <= shown["x"]
    assert shown["x"] + shown["width"] <= bubble["x"] + bubble["width"]
    with page.expect_response(f"{TRACKER}**"):
        mail.get_by_role("button", name="加载外部图片").click()
    assert asked == [f"{TRACKER}pixel.gif"]


def test_a_mail_is_answered_with_formatting_and_copies(people: People, relay: Relay) -> None:
    agent = people.agent("zhou")
    page = agent.page
    write(relay, complaint("<second-0123456789@example.cn>"))
    agent.accept()
    expect(page.get_by_role("textbox", name="主题")).to_have_attribute("placeholder", "Re: 路灯不亮")
    page.get_by_role("button", name="全部回复（另 2 人）").click()
    expect(page.get_by_role("textbox", name="抄送")).to_have_value("jiedao@example.cn, wuye@example.cn")
    formats = page.get_by_role("toolbar", name="文字格式")
    agent.field.click()
    formats.get_by_role("button", name="加粗").click()
    page.keyboard.type("已派修")
    formats.get_by_role("button", name="加粗").click()
    page.keyboard.type("，请查看：")
    page.keyboard.press("Enter")  # mails have paragraphs
    formats.get_by_role("button", name="项目列表").click()
    page.keyboard.type("单号 0031")
    page.keyboard.press("Enter")
    formats.get_by_role("button", name="链接").click()
    page.get_by_role("textbox", name="链接地址").fill("example.cn/lamp")
    page.keyboard.press("Enter")
    assert faults_of(page) == []
    page.set_viewport_size({"width": 720, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    agent.field.press("Control+Enter")
    expect(agent.entry("已派修，请查看：")).to_contain_text("已发送")
    sent = message_from_bytes(relay.sent[-1], policy=default)
    assert sent["Cc"] == "jiedao@example.cn, wuye@example.cn"
    assert sent["In-Reply-To"] == "<second-0123456789@example.cn>"
    plain, formatted = sent.get_body(("plain",)), sent.get_body(("html",))
    assert plain is not None
    assert formatted is not None
    words = plain.get_content().replace("\r\n", "\n")
    assert words.startswith("已派修，请查看：\n- 单号 0031\n- example.cn/lamp\n\n在 ")
    assert "<b>已派修</b>" in formatted.get_content()
    assert '<a href="https://example.cn/lamp">example.cn/lamp</a>' in formatted.get_content()
    assert "> 中山路 12 号的路灯坏了三天" in words


def test_who_is_not_to_be_written_to_first_is_not(people: People, relay: Relay) -> None:
    agent = people.agent("zhou")
    page = agent.page
    agent.watch.tolerate("status of 409", "/api/v1/conversations")
    write(relay, complaint("<third-01234567890@example.cn>"))
    agent.accept()
    panel = page.get_by_role("region", name="主动联系")
    panel.get_by_text("免打扰与订阅").click()
    panel.get_by_role("checkbox", name="免打扰").check()
    expect(panel.get_by_text("免打扰", exact=True)).to_be_visible()
    panel.get_by_role("button", name="写给市民").click()
    dialog = page.get_by_role("dialog", name="写给市民")
    expect(dialog).to_contain_text("没有可以主动发送的方式")
    dialog.get_by_role("button", name="取消").click()
    panel.get_by_role("checkbox", name="免打扰").uncheck()
    expect(panel.get_by_text("免打扰", exact=True)).to_have_count(0)
    panel.get_by_role("button", name="写给市民").click()
    dialog.get_by_label("主题").fill("路灯")
    dialog.get_by_label("内容").fill("您好")
    assert faults_of(page) == []
    dialog.get_by_role("button", name="发送").click()
    expect(page.get_by_text("该地址已有进行中的会话")).to_be_visible()
