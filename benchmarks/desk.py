"""How fast the desk is with 5,000 conversations: switching lists and conversations, settling 2,000 deltas.

``python -m benchmarks.desk [--conversations 5000] [--deltas 2000]``. Shows the built front end in Chromium with a hub
played by this program, so that only the browser is measured; each figure is the time until the browser has painted.
Targets: list switch 50 ms, conversation switch 100 ms, 2,000 deltas settled in 500 ms, all on a quiet machine. Beside
it stands the processor's time that the page used for it, without waits for frames and for other programs: the figure to
compare on a busy machine.
"""

import argparse
import json
import mimetypes
import shutil
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, sync_playwright

from tests.browser.support.flags import FLAGS

APP: Final = Path(__file__).parents[1] / "lianxin" / "_web" / "app"
URL: Final = "http://desk.invalid"
ME: Final = "01990000-0000-7000-8000-000000000001"
NOW: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
MINE: Final = 200  # of the conversations; the others wait
ENTRIES: Final = 50
ROUNDS: Final = 15
WARMING: Final = 6  # conversations that are opened once before they are measured
LAST: Final = "到此为止"
TARGETS: Final = {"list switch": 50, "conversation switch": 100, "deltas settled": 500}  # milliseconds

# resolves with the milliseconds from the act until the page has painted what it brings about
TIMED: Final = """async ([act, done]) => {
  const begin = performance.now()
  new Function(act)()
  const isDone = new Function('return ' + done)
  while (!isDone()) await new Promise(resolve => requestAnimationFrame(resolve))
  await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))
  return performance.now() - begin
}"""


# a WebSocket that the page itself feeds, each frame as a task of its own, as a real one does
SOCKET: Final = """(() => {
  window.WebSocket = class {
    constructor() {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = ({ data }) => this.onmessage?.({ data })
      window.play = frame => port2.postMessage(frame)
      setTimeout(() => this.onopen?.())
    }
    send(text) { if (text.includes('"hello"')) window.play(window.snapshot) }
    close() {}
  }
})()"""


def conversation(number: int) -> dict[str, Any]:
    """Return a conversation: the first ones are mine, the others wait."""
    is_mine = number < MINE
    at = (NOW - timedelta(seconds=number)).isoformat()
    return {
        "conversation_id": f"01990000-0000-7000-9000-{number:012d}",
        "contact_id": f"01990000-0000-7000-a000-{number:012d}",
        "contact_name": f"市民 {number}",
        "instance": "web_chat-main",
        "channel": ("web", "sms", "mailto", "wechat")[number % 4],
        "address": f"web:{number}",
        "state": "active" if is_mine else "queued",
        "queue_id": "general",
        "agent_id": ME if is_mine else None,
        "opened_at": at,
        "queued_at": at,
        "last_entry_at": at,
        "last_text": f"我家暖气不热，第 {number} 位",
        "topic": "供热",
        "unread": number % 3,
    }


def entries(conversation_id: str) -> list[dict[str, Any]]:
    """Return a thread of ordinary length."""
    return [
        {
            "entry_id": f"{conversation_id[:-4]}{index:04d}",
            "conversation_id": conversation_id,
            "kind": "message",
            "direction": "in" if index % 2 else "out",
            "author_kind": "contact" if index % 2 else "agent",
            "text": f"{conversation_id[-4:]} 的第 {index} 句",
            "created_at": (NOW + timedelta(minutes=index)).isoformat(),
        }
        for index in range(ENTRIES)
    ]


class PlayedHub:
    """Answers the desk's calls and holds its socket."""

    def __init__(self, page: Page, conversations: int) -> None:
        self.rows = {one["conversation_id"]: one for one in map(conversation, range(conversations))}
        self.seq = 0
        page.add_init_script(f"{SOCKET}; window.snapshot = {json.dumps(self._snapshot())}")
        page.route("**/*", self._answer)

    def delta(self, patches: list[dict[str, Any]]) -> str:
        """Return the next frame."""
        self.seq += 1
        return json.dumps({"type": "delta", "seq": self.seq, "patches": patches})

    def _snapshot(self) -> str:
        me = {"agent_id": ME, "display_name": "周敏", "work_number": "3021", "state": "available"}
        tables = {
            "conversations": self.rows,
            "agents": {ME: {**me, "since": NOW.isoformat()}},
            "setup": {"queues": {"general": {"title": {"zh": "综合服务"}}}},
        }
        return json.dumps({"type": "snapshot", "epoch": "e", "seq": 0, "tables": tables})

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if not path.startswith("/api/"):
            file = APP / path.lstrip("/")
            file = file if file.is_file() else APP / "index.html"
            route.fulfill(path=file, content_type=mimetypes.guess_type(file.name)[0] or "text/html")
        elif path.endswith("/session"):
            me = {"user_id": ME, "username": "zhou", "display_name": "周敏", "work_number": "3021", "csrf": "c"}
            shown = {"permissions": ["desk.use"], "must_change_password": False, "is_agent": True, "hub_version": "0"}
            route.fulfill(json={**me, **shown})
        elif path.endswith("/entries"):
            route.fulfill(json={"items": entries(path.split("/")[-2]), "has_more": False})
        elif path.endswith("/preferences"):
            route.fulfill(json={"settings": {}})
        elif "/contacts/" in path and not path.endswith("conversations"):
            route.fulfill(json={"contact_id": path.split("/")[-1], "name": "市民"})
        elif route.request.method == "GET":
            route.fulfill(json={"items": []})
        else:
            route.fulfill(status=204)


def timed(page: Page, act: str, done: str) -> float:
    """Return how many milliseconds ``act`` takes until ``done`` is painted."""
    taken: float = page.evaluate(TIMED, [act, done])
    return taken


class Work:
    """The processor's time that the page has used since it was last asked: all its tasks, without waits for others."""

    def __init__(self, page: Page) -> None:
        self._line = page.context.new_cdp_session(page)
        self._line.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._before_s = self._used_s()

    def per(self, times: int) -> float:
        """Return the milliseconds of each of ``times``."""
        before_s, self._before_s = self._before_s, self._used_s()
        return 1_000 * (self._before_s - before_s) / times

    def _used_s(self) -> float:
        metrics: dict[str, float] = {
            one["name"]: one["value"] for one in self._line.send("Performance.getMetrics")["metrics"]
        }
        return metrics["TaskDuration"]


def switch_lists(page: Page, conversations: int) -> list[float]:
    """Go from my list, the latest first, to those who wait, the oldest first, and back."""
    taken = []
    for _ in range(ROUNDS):
        for tab, first in (("waiting", conversations - 1), ("mine", 0)):
            act = f"document.getElementById('tab-{tab}').click()"
            done = f"!!document.getElementById('conversation-{conversation(first)['conversation_id']}')"
            taken.append(timed(page, act, done))
    return taken


def switch_conversations(page: Page) -> list[float]:
    """Open one conversation after the other; each thread was fetched before, as the ones at hand are."""
    taken = []
    for index in range(ROUNDS + WARMING):
        number = index % WARMING
        act = f"document.querySelectorAll('#conversation-list [role=option]')[{number}].click()"
        text = f"{conversation(number)['conversation_id'][-4:]} 的第 {ENTRIES - 1} 句"
        done = f"document.querySelector('[role=log]')?.textContent.includes('{text}') ?? false"
        taken.append(timed(page, act, done))
    return taken[WARMING:]


def settle(page: Page, hub: PlayedHub, deltas: int) -> float:
    """Let deltas come all at once; return how long it takes until the last one is seen."""
    rows = list(hub.rows.values())[:MINE]
    changed = [{**rows[n % MINE], "last_text": f"第 {n} 次"} for n in range(deltas)]
    changed.append({**rows[0], "last_text": LAST, "last_entry_at": (NOW + timedelta(hours=1)).isoformat()})
    frames = [hub.delta([{"table": "conversations", "key": one["conversation_id"], "value": one}]) for one in changed]
    page.evaluate("frames => { window.frames_to_play = frames }", frames)
    seen = f"document.getElementById('conversation-list').textContent.includes('{LAST}')"
    return timed(page, "window.frames_to_play.forEach(window.play)", seen)


def show(name: str, taken: list[float], target: int, work: float) -> None:
    """Print one line of figures."""
    middle, worst = statistics.median(taken), max(taken)
    verdict = "met" if middle < target else "NOT met"
    times = f"median {middle:7.1f} ms   worst {worst:7.1f} ms   target {target} ms: {verdict}"
    print(f"{name:22} {times}   processor {work:6.1f} ms")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=5_000)
    parser.add_argument("--deltas", type=int, default=2_000)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        hub = PlayedHub(page, options.conversations)
        page.goto(f"{URL}/desk")
        page.locator("#conversation-list [role=option]").first.wait_for()
        print(f"{options.conversations} conversations, {MINE} of them mine")
        work = Work(page)
        taken = switch_lists(page, options.conversations)
        show("list switch", taken, TARGETS["list switch"], work.per(len(taken)))
        taken = switch_conversations(page)
        show("conversation switch", taken, TARGETS["conversation switch"], work.per(len(taken) + WARMING))
        taken = [settle(page, hub, options.deltas)]
        show(f"{options.deltas} deltas settled", taken, TARGETS["deltas settled"], work.per(1))
        browser.close()


if __name__ == "__main__":
    main()
