"""An agent at a desk whose browser is a phone, and a citizen who calls them."""

import itertools
import re

from playwright.sync_api import Locator, expect

from tests.browser.support.people import Agent, People
from tests.browser.support.switchboard import SipFarEnd, Switchboard

_numbers = itertools.count(100_001)


def new_number() -> str:
    """Return the number of a citizen who never called."""
    return f"tel:+8613900{next(_numbers)}"


def sit_down(people: People, board: Switchboard, username: str) -> tuple[Agent, SipFarEnd]:
    """Return an agent on shift whose phone is registered, and the far end of it."""
    agent = people.agent(permissions=["microphone"])
    far = SipFarEnd(agent.page, board)
    agent.start_shift(username)
    expect(bar(agent)).to_contain_text("电话就绪")
    return agent, far


def bar(agent: Agent) -> Locator:
    return agent.page.get_by_role("region", name="通话", exact=True)


def button(agent: Agent, name: str) -> Locator:
    return bar(agent).get_by_role("button", name=name, exact=True)


def answer(agent: Agent, far: SipFarEnd, board: Switchboard) -> tuple[str, str]:
    """Let a citizen call and ask for a person, and the agent answer; return call and leg when they talk."""
    engine = board.engine
    call_id = board.do(engine.arrive(new_number()))
    board.do(engine.press(call_id, "0"))
    leg_id = board.do(engine.rings(call_id)).leg_id
    board.do(engine.change(call_id, leg_id, "ringing"))
    far.call(call_id, leg_id)
    expect(agent.offer).to_contain_text("首次来电")
    agent.offer.get_by_role("button", name=re.compile("^接听")).click()
    far.connect(leg_id)
    board.do(engine.change(call_id, leg_id, "answered"))
    board.do(engine.hears(call_id, "工号"))
    board.do(engine.finish(call_id))
    board.do(engine.talks(call_id))
    expect(bar(agent)).to_contain_text("通话中")
    return call_id, leg_id


def end_by_citizen(agent: Agent, far: SipFarEnd, board: Switchboard, call_id: str, leg_id: str) -> None:
    """Let the citizen hang up."""
    engine = board.engine
    board.do(engine.change(call_id, engine.caller(call_id).leg_id, "ended"))
    board.do(engine.is_over(call_id))
    far.hang_up(leg_id)
    board.do(engine.change(call_id, leg_id, "ended"))
    expect(agent.log).to_contain_text("市民挂断")
