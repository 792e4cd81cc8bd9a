"""Takes the pictures of docs/img: a demo house, citizens, an agent who serves them, a supervisor, an administrator."""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.support.flags import FLAGS
from tests.browser.support.house import running_house
from tests.browser.support.people import ADMIN_PASSWORD, Agent, Citizen, People
from tests.conftest import chromium

COLORS = 256
CITIZENS = {
    "王秀英": (1948, "家里暖气不热，室内只有 14 度，楼上楼下都这样"),
    "刘洋": (1991, "我想查一下补办的社保卡寄到哪里了"),
    "赵建国": (1956, "小区门口的路灯坏了三天，晚上看不见路"),
}


def main(folder: Path) -> None:
    """Write the pictures into ``folder``."""
    with tempfile.TemporaryDirectory() as data, running_house(Path(data)) as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        people = People(browser, house.url)
        agent = people.agent("zhou")
        citizens = {name: come(people, agent, name) for name in reversed(CITIZENS)}
        talk(agent, citizens["王秀英"])
        take(citizens["王秀英"].page, folder / "widget.png")
        summarize(agent)
        take(agent.page, folder / "desk.png")
        come(people, agent, "", accepts=False)
        agent.page.get_by_role("button", name="切换明暗").click()
        take(agent.page, folder / "desk-dark.png")
        lead(people, agent, folder)

        admin = people.agent()
        admin.log_in("admin", house.first_password)
        admin.change_password(house.first_password, ADMIN_PASSWORD)
        expect(admin.page.get_by_role("link", name="系统管理")).to_be_visible()
        admin.page.goto(f"{house.url}/admin/plugins/web_chat-main")
        expect(admin.page.get_by_label("主题颜色")).to_be_visible()
        take(admin.page, folder / "plugins.png")
        admin.page.goto(f"{house.url}/admin/flows/hotline")
        expect(admin.page.get_by_text("没有问题，可以发布")).to_be_visible()
        expect(admin.page.locator("[data-step]").first).to_be_visible()
        take(admin.page, folder / "flows.png")
        people.go_home()
        browser.close()


def lead(people: People, agent: Agent, folder: Path) -> None:
    """Show the wallboard of a floor at work: one who serves, one on a break for too long, people who wait."""
    chen, colleague = people.agent("chen"), people.agent("li")
    rules = [
        {"rule_id": "away-long", "kind": "away_longer", "limit": 1},
        {"rule_id": "many-waiting", "kind": "waiting_more", "limit": 1, "is_urgent": True},
        {"rule_id": "service-level", "kind": "service_below", "limit": 85},
    ]
    for one in (chen, agent):
        one.call("PUT", "/me/state", state="busy")
    colleague.choose_state("小休")
    for _ in range(3):
        people.citizen().ask_for_a_person()
    chen.call("PUT", "/wallboard/settings", rules=rules)
    chen.page.get_by_role("link", name="监控大屏").click()
    alarms = chen.page.get_by_role("list", name="告警")
    for words in ("李强 · 离开时长", "综合服务 · 排队人数"):
        expect(alarms).to_contain_text(words)
    expect(chen.page.locator(".toast")).to_have_count(0, timeout=30_000)  # they go by themselves
    expect(chen.page.locator(".chart canvas").first).to_be_visible()
    take(chen.page, folder / "wallboard.png")


def come(people: People, agent: Agent, name: str, *, accepts: bool = True) -> Citizen:
    """Let a citizen ask for a person, tell the matter and be served under a name."""
    citizen = people.citizen(viewport={"width": 1180, "height": 900})
    citizen.ask_for_a_person()
    if not accepts:
        citizen.say("想咨询一下老年优待证怎么办理")
        expect(agent.offer).to_be_visible()
        return citizen
    agent.accept()
    year, matter = CITIZENS[name]
    citizen.say(matter)
    expect(agent.entry(matter)).to_be_visible()
    page = agent.page
    page.get_by_role("button", name="编辑联系人").click()
    page.get_by_label("姓名").fill(name)
    page.get_by_label("出生年份").fill(str(year))
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return citizen


def talk(agent: Agent, citizen: Citizen) -> None:
    """Exchange some words, a picture and a note."""
    agent.say("王阿姨您好，请告诉我您的小区和楼号，我马上联系供热单位。")
    citizen.say("幸福里 5 号楼 2 单元 301")
    expect(agent.entry("幸福里")).to_be_visible()
    citizen.chat.locator("input[type=file]").set_input_files(
        {"name": "温度计.png", "mimeType": "image/png", "buffer": thermometer()}
    )
    expect(citizen.chat.get_by_text("已准备好")).to_be_visible()
    citizen.chat.get_by_role("button", name="发送", exact=True).click()
    expect(agent.log.get_by_role("img", name="温度计.png")).to_be_visible()
    agent.page.get_by_role("button", name="内部备注").click()
    agent.page.get_by_role("textbox", name="内部备注").fill("老人独居，供热单位今晚 18 点前上门，注意回访。")
    agent.page.get_by_role("button", name="保存备注").click()
    agent.say("已经登记了，供热单位今天 18 点前上门检查，请您在家等候。")
    expect(citizen.log.get_by_text("已经登记了")).to_be_visible()
    expect(agent.entry("已经登记了")).to_contain_text("已读")
    agent.page.get_by_role("textbox", name="回复", exact=True).blur()


def summarize(agent: Agent) -> None:
    """Write down what it was about before the conversation ends."""
    agent.page.get_by_role("tab", name="小结").click()
    summary = agent.page.get_by_role("textbox", name="小结", exact=True)
    summary.fill("幸福里 5 号楼 2 单元 301 暖气不热，室温 14.2 °C；已转供热单位，今日 18 点前上门。")
    expect(agent.page.get_by_text("已自动保存")).to_be_visible()
    summary.blur()


def thermometer() -> bytes:
    """Return a drawn photograph of a cold room's thermometer."""
    image = Image.new("RGB", (320, 200), "#a3a58f")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((60, 40, 260, 160), 16, fill="#f4f6f2", outline="#5b6470", width=4)
    draw.text((90, 62), "14.2 °C", fill="#1b2530", font_size=44)
    draw.text((92, 122), "ROOM", fill="#5b6470", font_size=20)
    file = io.BytesIO()
    image.filter(ImageFilter.SMOOTH).save(file, "PNG")
    return file.getvalue()


def take(page: Page, path: Path) -> None:
    """Save what the page looks like as a PNG of few colours, and so of few bytes."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLORS, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
