"""The administrator sets the service up: hours, codes, reasons, roles."""

import io
import re
import wave

from playwright.sync_api import Page, expect

from tests.browser.support.people import Agent
from tests.journeys.support.house import House

NEEDS_MICROPHONE = True


def wav(*, seconds: int) -> bytes:
    """Return a quiet tone as people's own recorders save it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(b"\x00\x10\x00\xf0" * (8_000 * seconds))
    return file.getvalue()


def name(page: Page, slug: str, title: str) -> None:
    """Begin a new entry."""
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_label("标识").fill(slug)
    page.get_by_label("中文名称").fill(title)


def save(page: Page) -> None:
    """Save, and wait until the hub has."""
    with page.expect_response(lambda answer: answer.request.method in ("PUT", "PATCH")):
        page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()


def test_a_calendar_is_tried_and_saved(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/calendars")
    name(page, "counter", "窗口时间")
    page.get_by_label("星期一结束").fill("16：00")
    page.get_by_role("button", name="周二至周五与周一相同").click()
    expect(page.get_by_label("星期五结束")).to_have_value("16:00")
    page.get_by_label("要试的时间").fill("2026-11-27T17:00")
    page.get_by_role("button", name="测试").click()
    expect(page.get_by_role("status").filter(has_text="非服务时间")).to_be_visible()
    page.get_by_label("添加日期").first.fill("2026-11-27")
    page.get_by_role("button", name="添加日期").click()
    save(page)
    page.reload()
    expect(page.get_by_label("星期五结束")).to_have_value("16:00")
    expect(page.get_by_text("2026-11-27")).to_be_visible()


def test_a_code_stands_below_its_heading(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/codes")
    name(page, "water", "供水")
    save(page)
    name(page, "leak", "漏水")
    page.get_by_role("combobox", name="上级").press("Enter")
    page.get_by_role("option", name="供水").click()
    save(page)
    expect(page.get_by_role("heading", name="漏水")).to_be_visible()
    page.reload()
    parent = page.locator(".el-select", has=page.get_by_role("combobox", name="上级"))
    expect(parent).to_contain_text("供水")


def test_a_queue_is_put_out_of_use_once_nothing_leads_to_it(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/queues/general")
    retire = page.get_by_role("button", name="停用", exact=True)
    retire.click()
    dialog = page.get_by_role("dialog", name=re.compile("^停用"))
    expect(dialog.get_by_role("link", name="流程 hotline")).to_be_visible()
    expect(dialog.get_by_role("button", name="停用", exact=True)).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_label("应答时限（秒）").fill("45")
    page.get_by_role("button", name="复制", exact=True).click()
    page.get_by_label("标识").fill("night")
    page.get_by_label("中文名称").fill("夜间")
    expect(page.get_by_label("应答时限（秒）")).to_have_value("45")
    save(page)
    retire.click()
    dialog.get_by_label("正在排队的").select_option(label="转到“综合服务”")
    dialog.get_by_role("button", name="停用", exact=True).click()
    expect(page.get_by_text("此队列已停用")).to_be_visible()
    page.get_by_role("button", name="恢复使用").click()
    expect(retire).to_be_visible()


def test_a_reason_is_added_and_retired(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/reasons")
    name(page, "blood", "献血")
    save(page)
    page.get_by_role("switch", name="使用中").press("Space")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("button", name="献血")).to_contain_text("已停用")


def test_a_role_and_one_users_difference_from_it(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/roles/agent")
    box = page.get_by_label("不按顺序从队列中取出")
    box.check()
    save(page)
    page.goto(f"{house.url}/admin/roles/admin")
    expect(page.get_by_label("管理用户和角色")).to_be_disabled()
    page.goto(f"{house.url}/admin/users")
    page.get_by_role("button", name="周敏").click()
    page.get_by_text("与角色不同之处").click()
    page.get_by_label("不按顺序从队列中取出").select_option("denied")
    save(page)
    page.reload()
    expect(page.get_by_label("不按顺序从队列中取出")).to_have_value("denied")


def test_a_prompt_is_found_recorded_heard_and_given_back_to_the_voice(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/prompts")
    page.get_by_label("试着让语音合成读一句").fill("您好")
    page.get_by_role("button", name="朗读").click()
    expect(page.get_by_text("没有可用的语音合成")).to_be_visible()  # a demo has no voice

    page.get_by_role("combobox", name="语言").last.select_option("zh")
    page.get_by_role("searchbox", name="查找文字或步骤").fill("greeting")
    sound = page.locator(".sound").first
    expect(sound).to_contain_text("缺少")
    sound.get_by_role("button", name="录音").click()
    page.wait_for_function("() => document.querySelector('.sound meter')?.value > 0")  # the microphone beeps
    sound.get_by_role("button", name="停止并保存").click()
    expect(sound.locator(".tag")).to_have_text("录音")
    heard = sound.locator("audio")
    recorded = heard.get_attribute("src")
    sound.locator("input[type=file]").set_input_files(
        {"name": "greeting.wav", "mimeType": "audio/wav", "buffer": wav(seconds=1)}
    )
    expect(heard).not_to_have_attribute("src", recorded or "")
    heard.evaluate("audio => audio.play()")
    expect(heard).to_have_js_property("error", None)
    page.wait_for_function("() => document.querySelector('.sound audio')?.currentTime > 0")
    page.once("dialog", lambda dialog: dialog.accept())
    sound.get_by_role("button", name=re.compile("^删除录音")).click()
    expect(sound).to_contain_text("缺少")
