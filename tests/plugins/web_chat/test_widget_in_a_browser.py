"""The citizens' widget in a real browser, against the real channel."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[3]
WIDGET = ROOT / "lianxin" / "_web" / "widget"
AXE = ROOT / "tests" / "browser" / "vendor" / "axe.min.js"
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Stand:
    """The channel's process and a remote control of its hub."""

    def __init__(self, url: str) -> None:
        self.url = url

    def until_events(self, *kinds: str) -> None:
        """Return once the hub has heard of each kind; fails after a while."""
        self.direct(wait_for=kinds)

    def direct(self, **order: Any) -> dict[str, Any]:
        request = Request(f"{self.url}/direct", json.dumps(order).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=10) as answer:
            result: dict[str, Any] = json.load(answer)
            return result


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def start_stand(tmp_path: Path) -> Iterator[Callable[..., Stand]]:
    """Return what starts a stand; arguments go to its command line."""
    if not (WIDGET / "widget.js").exists():
        pytest.skip("the widget is not built: python lianxin/webbuild.py")
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> Stand:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.plugins.web_chat.stand", str(WIDGET), str(tmp_path), *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return Stand(process.stdout.readline().strip())

    yield start
    for process in started:
        process.communicate()  # its input ends, so it stops


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(8000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a page; any script error or broken security policy fails the test."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None)
    yield page
    assert faults == []


def visit(page: Page, stand: Stand, path: str = "/public") -> Locator:
    page.goto(stand.url + path)
    return page.locator("lianxin-chat")


def open_chat(page: Page, stand: Stand, path: str = "/public") -> Locator:
    chat = visit(page, stand, path)
    chat.get_by_role("button", name="在线咨询").click()
    return chat


def write(chat: Locator, text: str) -> None:
    field = chat.get_by_role("textbox", name="请在这里输入您的问题")
    field.fill(text)
    field.press("Enter")


def faults_of(page: Page) -> list[str]:
    """Return what axe finds."""
    page.evaluate(AXE.read_text("utf-8"))
    result = page.evaluate("levels => axe.run(document, {runOnly: levels})", LEVELS)
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in result["violations"]]


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like in the folder LIANXIN_PICTURES, for people."""
    if folder := os.environ.get("LIANXIN_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_it_opens_only_when_asked_greets_and_takes_an_answer_by_button(
    page: Page, start_stand: Callable[..., Stand]
) -> None:
    stand = start_stand()
    chat = visit(page, stand)
    expect(chat.get_by_role("dialog")).to_have_count(0)
    assert stand.direct()["events"] == ["ChannelState"]  # nothing is sent before the citizen acts
    picture(page, "closed")
    chat.get_by_role("button", name="在线咨询").click()
    expect(chat.get_by_role("textbox", name="请在这里输入您的问题")).to_be_focused()
    expect(chat.get_by_role("log")).to_contain_text("您好！这里是便民热线")
    picture(page, "greeted")
    chat.get_by_role("button", name="供暖问题").click()
    expect(chat.get_by_role("log")).to_contain_text("请告诉我们您的小区和楼号")
    expect(chat.get_by_role("button", name="供暖问题")).to_be_disabled()
    assert stand.direct()["received"] == [["供暖问题", "2"]]


def test_an_agent_answers_with_typing_names_and_delivery(page: Page, start_stand: Callable[..., Stand]) -> None:
    stand = start_stand()
    chat = open_chat(page, stand)
    expect(chat.get_by_role("log")).to_contain_text("您好")
    write(chat, "我家暖气不热 <b>急</b>")
    expect(chat.get_by_text("已送达")).to_be_visible()
    chat.get_by_role("button", name="转人工").last.click()
    expect(chat.get_by_role("status").filter(has_text="前面还有 2 位")).to_be_visible()
    stand.direct(typing=True)
    expect(chat.get_by_text("对方正在输入")).to_be_visible()
    stand.direct(situation="active", say="您好，请问您的地址？<script>alert(1)</script> https://example.gov.cn/help。")
    expect(chat.get_by_text("对方正在输入")).to_be_hidden()
    expect(chat.get_by_text("工号 1023")).to_be_visible()
    expect(chat.get_by_text("<script>alert(1)</script>")).to_be_visible()
    expect(chat.get_by_role("link", name="https://example.gov.cn/help")).to_be_visible()
    expect(chat.get_by_text("已读").first).to_be_visible()
    expect(chat.get_by_role("status").filter(has_text="人工客服正在为您服务")).to_be_visible()
    picture(page, "answered")
    stand.until_events("MessageStatus", "MessagesRead")


def test_a_reload_and_a_lost_connection_lose_nothing(
    page: Page, context: BrowserContext, start_stand: Callable[..., Stand]
) -> None:
    stand = start_stand()
    chat = open_chat(page, stand)
    write(chat, "第一句")
    expect(chat.get_by_text("已送达")).to_be_visible()
    stand.direct(drop=True)
    stand.direct(say="断线时说的话")
    expect(chat.get_by_role("log")).to_contain_text("断线时说的话")
    stand.direct(is_down=True)
    write(chat, "总线断了")
    expect(chat.get_by_text("发送中")).to_be_visible()
    page.reload()
    stand.direct(is_down=False)
    chat.get_by_role("button", name="在线咨询").click()
    expect(chat.get_by_role("log")).to_contain_text("第一句")
    expect(chat.get_by_role("log")).to_contain_text("断线时说的话")
    expect(chat.get_by_text("发送中")).to_have_count(0)
    assert stand.direct()["received"] == [["第一句", None], ["总线断了", None]]
    context.set_offline(True)
    stand.direct(drop=True)
    expect(chat.get_by_role("status").filter(has_text="网络断开了")).to_be_visible()
    picture(page, "offline")
    write(chat, "没有网的时候")
    context.set_offline(False)
    expect(chat.get_by_text("发送中")).to_have_count(0)
    assert stand.direct()["received"][-1] == ["没有网的时候", None]
    bubbles = chat.locator(".bubble").all_inner_texts()
    assert [text for text in bubbles if "您好" not in text] == ["第一句", "断线时说的话", "总线断了", "没有网的时候"]


def test_it_goes_on_over_an_event_stream_where_websockets_are_blocked(
    page: Page, start_stand: Callable[..., Stand]
) -> None:
    stand = start_stand()
    page.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose(), 0) } send() {} close() {} }"
    )
    chat = open_chat(page, stand)
    expect(chat.get_by_role("log")).to_contain_text("您好")
    write(chat, "没有 WebSocket 也行")
    expect(chat.get_by_text("已送达")).to_be_visible()
    stand.direct(say="收到")
    expect(chat.get_by_role("log")).to_contain_text("收到")
    assert stand.direct()["received"] == [["没有 WebSocket 也行", None]]


def test_a_picture_is_previewed_sent_and_shown(page: Page, start_stand: Callable[..., Stand]) -> None:
    stand = start_stand()
    photo = io.BytesIO()
    Image.effect_noise((640, 480), 90).save(photo, "JPEG")
    chat = open_chat(page, stand)
    expect(chat.get_by_role("log")).to_contain_text("您好")
    chat.locator("input[type=file]").set_input_files(
        {"name": "暖气.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    )
    expect(chat.get_by_text("已准备好")).to_be_visible()
    expect(chat.get_by_role("img", name="暖气.jpg")).to_be_visible()
    chat.get_by_role("button", name="发送", exact=True).click()
    shown = chat.get_by_role("img", name="图片 暖气.jpg")
    expect(shown).to_be_visible()
    page.wait_for_function("image => image.naturalWidth === 640", arg=shown.element_handle())
    chat.locator("input[type=file]").set_input_files({"name": "病毒.exe", "mimeType": "image/png", "buffer": b"MZ"})
    expect(chat.get_by_text("不能发送这种文件")).to_be_visible()
    page.reload()
    chat.get_by_role("button", name="在线咨询").click()
    expect(chat.get_by_role("img", name="图片 暖气.jpg")).to_be_visible()


def test_keys_close_it_and_compose_chinese(page: Page, start_stand: Callable[..., Stand]) -> None:
    stand = start_stand()
    chat = open_chat(page, stand)
    field = chat.get_by_role("textbox", name="请在这里输入您的问题")
    field.fill("nihao")
    field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})
    expect(field).to_have_value("nihao")
    field.press("Escape")
    expect(chat.get_by_role("dialog")).to_have_count(0)
    expect(chat.get_by_role("button", name="在线咨询")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()


def test_answers_while_it_is_closed_are_counted(page: Page, start_stand: Callable[..., Stand]) -> None:
    stand = start_stand()
    chat = open_chat(page, stand)
    expect(chat.get_by_role("log")).to_contain_text("您好")
    chat.get_by_role("button", name="关闭").click()
    stand.direct(say="您还在吗？")
    expect(chat.get_by_role("button", name="在线咨询 1 条新消息")).to_be_visible()


def test_the_form_takes_a_message_when_nobody_serves(page: Page, start_stand: Callable[..., Stand]) -> None:
    stand = start_stand("closed")
    chat = open_chat(page, stand)
    expect(chat.get_by_text("现在没有人工服务")).to_be_visible()
    assert faults_of(page) == []
    chat.get_by_role("button", name="提交留言").click()
    expect(chat.get_by_role("alert")).to_have_text("请写下您的问题。")
    picture(page, "form")
    chat.get_by_role("textbox", name="您的问题").fill("路灯坏了")
    chat.get_by_role("textbox", name="联系电话").fill("139 0000 0000")
    chat.get_by_role("button", name="提交留言").click()
    expect(chat.get_by_role("status").filter(has_text="已收到您的留言")).to_be_visible()
    assert stand.direct()["received"] == [["【留言】路灯坏了\n联系电话：139 0000 0000", None]]


def test_the_public_page_takes_a_message_without_javascript(
    browser: Browser, start_stand: Callable[..., Stand]
) -> None:
    stand = start_stand()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stand.url}/public")
    page.get_by_label("您的问题").fill("井盖丢了")
    page.get_by_label("联系电话").fill("13900000000")
    page.get_by_role("button", name="提交留言").click()
    expect(page.get_by_text("已收到您的留言")).to_be_visible()
    context.close()
    assert stand.direct()["received"][0][0].startswith("【留言】井盖丢了")


@pytest.mark.parametrize(("width", "height"), [(1280, 740), (320, 740), (640, 370)])  # the last: at 200 % zoom
@pytest.mark.parametrize("look", ["标准", "特大", "高对比"])
def test_axe_finds_nothing(page: Page, start_stand: Callable[..., Stand], width: int, height: int, look: str) -> None:
    stand = start_stand()
    page.set_viewport_size({"width": width, "height": height})
    chat = visit(page, stand)
    assert faults_of(page) == []
    chat.get_by_role("button", name="在线咨询").click()
    chat.get_by_role("button", name=look, exact=True).click()
    expect(chat.get_by_role("log")).to_contain_text("您好")
    write(chat, "我家暖气不热怎么办，已经三天了，家里有老人和孩子")
    stand.direct(say="请问您住在哪个小区？", choices=[{"key": "5", "label": "非常满意"}, {"key": "4", "label": "满意"}])
    expect(chat.get_by_role("button", name="非常满意")).to_be_visible()
    assert faults_of(page) == []
    picture(page, f"{look}-{width}")
    expect(chat.get_by_role("button", name="非常满意")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in chat.get_by_role("button").all():
        box = button.bounding_box()
        assert box is None or (box["width"] >= 44 and box["height"] >= 44), button.inner_text()
    for name in ("打电话 12345", "转人工"):
        box = chat.locator(".actions").get_by_text(name).bounding_box()
        assert box is not None
        assert box["height"] >= 60


def test_a_hostile_host_page_neither_changes_nor_feels_it(page: Page, start_stand: Callable[..., Stand]) -> None:
    stand = start_stand()
    chat = open_chat(page, stand, "/pages/chaos.html")
    bubble = chat.locator(".bubble").first
    expect(bubble).to_be_visible()
    style = bubble.evaluate(
        "node => { const s = getComputedStyle(node); return [s.letterSpacing, s.fontSize, s.textTransform] }"
    )
    assert style == ["normal", "18px", "none"]
    picture(page, "chaos")
