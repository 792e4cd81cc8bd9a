"""A citizen at the public page and an agent at the desk, by what they see and press."""

import io
import re
from typing import Any, TypeVar

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from hub.demo import PASSWORD
from tests.browser.support.watch import Watch

ADMIN_PASSWORD = "hehua-yueliang-7742"  # what the administrator of a test's house chooses at the first log-in
GREETING = "12345 政务服务便民热线"


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, context: BrowserContext, url: str, watch: Watch) -> None:
        self.context = context
        self.url = url
        self.watch = watch
        self.page: Page = context.new_page()

    def lose_network(self) -> None:
        """Be without a network until it is back."""
        self.watch.may_lose_the_line = True
        self.context.set_offline(True)

    def regain_network(self) -> None:
        """Have a network again."""
        self.context.set_offline(False)


P = TypeVar("P", bound=Person)


class Citizen(Person):
    """Uses the chat window on the public page."""

    @property
    def chat(self) -> Locator:
        """Return the widget."""
        return self.page.locator("lianxin-chat")

    @property
    def log(self) -> Locator:
        """Return what was said."""
        return self.chat.get_by_role("log")

    @property
    def field(self) -> Locator:
        """Return where to write."""
        return self.chat.get_by_role("textbox", name="请在这里输入您的问题")

    def open(self) -> None:
        """Open the chat window of the public page."""
        self.page.goto(f"{self.url}/public")
        self.chat.get_by_role("button", name="在线咨询").click()
        expect(self.log).to_contain_text(GREETING)

    def ask_for_a_person(self) -> None:
        """Ask as the greeting says."""
        self.open()
        self.say("人工")
        expect(self.log).to_contain_text("正在为您转接工作人员")

    def say(self, text: str) -> None:
        """Write and send."""
        self.field.fill(text)
        self.field.press("Enter")

    def send_picture(self, name: str) -> None:
        """Choose a picture and send it."""
        self.chat.locator("input[type=file]").set_input_files(picture(name))
        expect(self.chat.get_by_text("已准备好")).to_be_visible()
        self.chat.get_by_role("button", name="发送", exact=True).click()

    def bubbles(self) -> list[str]:
        """Return the texts of the log, oldest first."""
        return self.chat.locator(".bubble").all_inner_texts()

    def reload(self) -> None:
        """Reload the page and open the window again."""
        self.page.reload()
        self.chat.get_by_role("button", name=re.compile("^在线咨询")).click()


class Agent(Person):
    """Works at the desk."""

    @property
    def log(self) -> Locator:
        """Return the open conversation."""
        return self.page.get_by_role("log", name="往来消息")

    @property
    def field(self) -> Locator:
        """Return where to answer."""
        return self.page.get_by_role("textbox", name="回复", exact=True)

    @property
    def offer(self) -> Locator:
        """Return the offers that ring."""
        return self.page.get_by_role("region", name="新来访").get_by_role("article")

    @property
    def rows(self) -> Locator:
        """Return the list of conversations."""
        return self.page.get_by_role("listbox", name="会话列表").get_by_role("option")

    @property
    def banner(self) -> Locator:
        """Return the word of a lost line."""
        return self.page.get_by_text("连接已断开，正在重新连接")

    def log_in(self, username: str, password: str = PASSWORD) -> None:
        """Log in on the first page."""
        self.page.goto(self.url)
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录", exact=True).click()

    def change_password(self, current: str, wanted: str) -> None:
        """Fill in the form that asks for a password of one's own."""
        self.page.get_by_label("当前密码").fill(current)
        self.page.get_by_label("新密码", exact=True).fill(wanted)
        self.page.get_by_label("再输一次新密码").fill(wanted)
        self.page.get_by_role("button", name="更换并进入").click()

    def start_shift(self, username: str) -> None:
        """Log in and be available."""
        self.log_in(username)
        self.page.get_by_role("button", name="开始值班").click()
        expect(self.page.get_by_role("button", name="我的状态")).to_contain_text("可接待")

    def choose_state(self, state: str) -> None:
        """Become busy, available …, by the menu."""
        self.page.get_by_role("button", name="我的状态").click()
        self.page.get_by_role("menuitemradio", name=state).click()
        expect(self.page.get_by_role("button", name="我的状态")).to_contain_text(state)

    def accept(self) -> None:
        """Take the offer that rings, by its key."""
        expect(self.offer).to_be_visible()
        before = self.page.url
        self.page.keyboard.press("Alt+a")
        expect(self.page).not_to_have_url(before)
        expect(self.field).to_be_visible()

    def say(self, text: str) -> None:
        """Answer."""
        self.field.fill(text)
        self.field.press("Enter")

    def bubbles(self) -> list[str]:
        """Return the texts of the open conversation's messages."""
        return self.log.locator(".bubble .text").all_inner_texts()

    def entry(self, text: str) -> Locator:
        """Return the open conversation's entry with ``text``."""
        return self.log.get_by_role("article").filter(has_text=text)

    def end(self) -> None:
        """End the conversation."""
        self.page.get_by_role("button", name="结束", exact=True).click()

    def call(self, method: str, path: str, **body: Any) -> Any:
        """Make a call with this browser's session; return its answer."""
        session = self.context.request.get(f"{self.url}/api/v1/session")
        if session.status != 200:
            return None
        headers = {"X-CSRF-Token": session.json()["csrf"], "Origin": self.url}
        answer = self.context.request.fetch(
            f"{self.url}/api/v1{path}", method=method, headers=headers, data=body or None
        )
        return answer.json() if answer.ok and answer.body() else None

    def leave(self) -> None:
        """Finish all that is at hand and log out, so that the next test finds an empty desk."""
        mine = self.call("GET", "/conversations?view=mine") or {"items": []}
        for conversation in mine["items"]:
            at = f"/conversations/{conversation['conversation_id']}"
            self.call("POST", f"{at}/end")
            self.call("POST", f"{at}/wrap-up", code="answered", summary="", tags=[])
        self.call("DELETE", "/session")


class People:
    """Brings people with browsers and sends them home; what a page did wrong fails the test then."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._met: list[Person] = []

    def citizen(self, **look: Any) -> Citizen:
        """Return a citizen who has not been here before."""
        return self._meet(Citizen, look)

    def agent(self, username: str = "", **look: Any) -> Agent:
        """Return an agent on shift; without a name, somebody at the log-in page's door."""
        agent = self._meet(Agent, look)
        if username:
            agent.start_shift(username)
        return agent

    def go_home(self) -> None:
        """Close all browsers; AssertionError when a page did what it must not."""
        agents = [person for person in self._met if isinstance(person, Agent)]
        for agent in agents:
            agent.page.close()  # before anybody logs out: Chromium may never close a page that is being sent away
        for agent in agents:
            agent.leave()
        for person in self._met:
            person.context.close()
        faults = [fault for person in self._met for fault in person.watch.faults]
        assert not faults, "\n".join(faults)

    def _meet(self, kind: type[P], look: dict[str, Any]) -> P:
        context = self._browser.new_context(
            **{
                "locale": "zh-CN",
                "timezone_id": "Asia/Shanghai",
                "viewport": {"width": 1440, "height": 900},
                "reduced_motion": "reduce",
                **look,
            }
        )
        context.set_default_timeout(30_000)
        person = kind(context, self._url, Watch(context, self._url))
        self._met.append(person)
        return person


def picture(name: str) -> dict[str, Any]:
    """Return a small PNG as a file to choose."""
    image = io.BytesIO()
    Image.linear_gradient("L").resize((120, 80)).convert("RGB").save(image, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": image.getvalue()}
