"""The phone at the desk: a browser that registers, answers, and has its call back after a reload."""

import io
import math
import re
import struct
import wave
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.events import Attachment, Listen, Talk
from hub.accounts.identity import Identity
from hub.accounts.users import NewUser
from hub.contacts.contacts import ContactEdit
from hub.demo import PASSWORD
from hub.setup.forms import Form, FormField
from hub.store.models import Address, Call, Conversation, User
from tests.browser.conftest import WEB
from tests.browser.support.desk_phone import answer, bar, button, end_by_citizen, new_number, sit_down
from tests.browser.support.looks import assert_clean
from tests.browser.support.people import Agent, People
from tests.browser.support.switchboard import VOICE, Switchboard, running_switchboard
from tests.hub.calls.test_calls import KNOWS_ALL
from tests.hub.calls.test_numbers import OPERATOR, lead
from tests.hub.calls.test_phone_menus import FLOW
from tests.hub.support.house import eventually

NEEDS_MICROPHONE = True


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    if not (WEB / "app" / "index.html").exists():
        pytest.skip("the front end is not built: python lianxin/webbuild.py")
    with running_switchboard(tmp_path_factory.mktemp("board")) as board:
        yield board


@pytest.fixture
def people(browser: Browser, board: Switchboard) -> Iterator[People]:
    people = People(browser, board.url)
    yield people
    people.go_home()


@pytest.fixture(scope="module")
def administrator(board: Switchboard) -> str:
    """Return an administrator's user name."""
    new = NewUser(username="root", display_name="管理", work_number="9000", role_ids=("admin",))
    board.do(board.house.services.users.make(Identity(username="operator"), new, password=PASSWORD))
    return new.username


def log_in(people: People, username: str) -> Page:
    """Return the page of somebody who has logged in."""
    person = people.agent()
    person.log_in(username)
    expect(person.page.get_by_role("button", name=re.compile("的菜单$"))).to_be_visible()
    return person.page


def test_a_call_is_answered_held_muted_and_ended_at_the_bar(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    place = bar(agent).bounding_box()
    engine = board.engine
    button(agent, "设备").click()
    devices = agent.page.get_by_role("dialog", name="耳机与麦克风")
    expect(devices.get_by_role("combobox", name="麦克风")).to_contain_text("Fake")
    agent.page.wait_for_function("() => document.querySelector('meter')?.value > 0")  # the fake microphone beeps
    assert_clean(agent.page, "call-devices")
    agent.page.keyboard.press("Escape")
    call_id, leg_id = answer(agent, far, board)
    expect(button(agent, "静音")).to_be_enabled()
    assert_clean(agent.page, "call-talking")
    button(agent, "静音").click()
    expect(button(agent, "取消静音")).to_have_attribute("aria-pressed", "true")
    agent.page.keyboard.press("Alt+m")
    expect(button(agent, "静音")).to_be_visible()

    button(agent, "保持").click()
    expect(bar(agent)).to_contain_text("保持中")
    board.until(lambda: isinstance(engine.caller(call_id).activity, Listen))
    agent.page.keyboard.press("Alt+h")
    board.do(engine.talks(call_id))
    expect(button(agent, "保持")).to_be_enabled()

    button(agent, "录音中").click()
    expect(button(agent, "录音已暂停")).to_be_visible()
    board.until(lambda: engine.plans[call_id].recordings[0].is_paused)

    button(agent, "拨号盘").click()
    bar(agent).get_by_role("group", name="拨号盘").get_by_role("button", name="5").click()
    board.until(lambda: engine.caller(call_id).digits == "5")
    button(agent, "拨号盘").click()

    assert bar(agent).bounding_box() == place
    button(agent, "挂断").click()
    expect(agent.page.get_by_role("form", name="小结")).to_be_visible()
    board.until(lambda: leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs})
    far.hang_up(leg_id)
    board.do(engine.change(call_id, leg_id, "ended"))
    board.do(engine.change(call_id, f"caller-{call_id.removeprefix('call-')}", "ended"))
    expect(agent.log).to_contain_text("总时长")
    expect(bar(agent)).to_contain_text("电话就绪")
    assert_clean(agent.page, "call-ended")


def test_a_citizen_is_sent_into_a_flow_and_had_back(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    engine = board.engine
    call_id, leg_id = answer(agent, far, board)
    expect(bar(agent)).to_contain_text("按键 0")
    button(agent, "转接").click()
    dialog = agent.page.get_by_role("dialog", name=re.compile("^咨询或转接"))
    dialog.get_by_role("radio", name="自助流程").check()
    dialog.get_by_role("combobox", name="自助流程").select_option("phone")
    assert_clean(agent.page, "call-flow-dialog")
    dialog.get_by_role("button", name="完成后转回").click()
    expect(bar(agent)).to_contain_text("市民在自助流程中")
    expect(bar(agent).get_by_role("list", name="通话各方")).to_contain_text("在自助流程中")
    board.until(lambda: isinstance(engine.caller(call_id).activity, Listen))
    assert_clean(agent.page, "call-in-flow")
    button(agent, "回到市民").click()
    board.do(engine.talks(call_id))
    expect(bar(agent)).to_contain_text("通话中")
    expect(agent.page.get_by_role("form", name="写消息")).not_to_contain_text("回复 · 电话")
    end_by_citizen(agent, far, board, call_id, leg_id)


def test_an_agent_sees_the_desk_phone_register_and_has_it_rung(people: People, board: Switchboard) -> None:
    agent, _ = sit_down(people, board, "zhou")
    engine, phones = board.engine, board.house.hub.phones
    issued = board.do(phones.issue(board.do(user_named("zhou")), kind="sip"))
    assert issued is not None
    button(agent, "设备").click()
    dialog = agent.page.get_by_role("dialog", name="耳机与麦克风")
    choice = dialog.get_by_role("radio", name=re.compile("^SIP 桌面话机"))
    choice.check()
    expect(dialog.locator("label").filter(has_text="SIP 桌面话机")).to_contain_text("未注册")
    board.do(engine.register(issued[0].phone_id))
    expect(dialog.locator("label").filter(has_text="SIP 桌面话机")).to_contain_text("来电在此振铃")
    assert_clean(agent.page, "phone-choice")
    agent.page.keyboard.press("Escape")
    expect(bar(agent)).to_contain_text("桌面话机就绪")
    call_id = board.do(engine.arrive(new_number()))
    board.do(engine.press(call_id, "0"))
    leg = board.do(engine.rings(call_id))
    assert leg.dial is not None
    assert leg.dial.target == f"phone:{issued[0].phone_id}"
    board.do(engine.change(call_id, leg.leg_id, "answered"))
    board.do(engine.hears(call_id, "工号"))
    board.do(engine.finish(call_id))
    expect(bar(agent)).to_contain_text("通话中")
    button(agent, "静音").click()
    muted = Talk(activity_id="main", is_muted=True)
    board.until(lambda: muted in [one.activity for one in engine.plans[call_id].legs])
    expect(button(agent, "取消静音")).to_be_visible()
    board.do(engine.change(call_id, engine.caller(call_id).leg_id, "ended"))
    board.do(engine.is_over(call_id))
    expect(bar(agent)).to_contain_text("桌面话机就绪")
    board.do(phones.revoke(issued[0].user_id))
    expect(bar(agent)).to_contain_text("电话就绪")


def test_a_desk_phone_is_given_out_and_taken_away(people: People, board: Switchboard, administrator: str) -> None:
    page = log_in(people, administrator)
    page.goto(f"{board.url}/admin/phones")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_label("使用人").select_option(label="李强 · 3022")
    page.get_by_role("dialog").get_by_role("button", name="添加").click()
    account = page.get_by_role("dialog", name="李强的话机账号")
    expect(account).to_contain_text("密码只显示这一次")
    board.until(lambda: len(engine_phones(board)) == 1)
    assert_clean(page, "phone-account")
    page.keyboard.press("Escape")
    row = page.get_by_role("row").filter(has_text="李强")
    expect(row).to_contain_text("未注册")
    board.do(board.engine.register(engine_phones(board)[0]))
    expect(row).to_contain_text("已注册")
    assert_clean(page, "phones")
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="删除李强的话机").click()
    board.until(lambda: not engine_phones(board))
    expect(row).to_have_count(0)


def engine_phones(board: Switchboard) -> list[str]:
    """Return the desk phones that may register."""
    return [phone.phone_id for phone in board.engine.phones.phones if phone.kind == "sip"]


async def user_named(username: str) -> User:
    return await User.get(username=username)


def test_a_colleague_s_call_waits_beside_a_citizen_s(people: People, board: Switchboard) -> None:
    zhou, far_zhou = sit_down(people, board, "zhou")
    call_id, leg_id = answer(zhou, far_zhou, board)
    li, far_li = sit_down(people, board, "li")
    engine = board.engine
    button(li, "拨号").click()
    dialog = li.page.get_by_role("dialog", name="拨打电话")
    dialog.get_by_role("combobox").fill("302")
    dialog.get_by_role("list", name="同事").get_by_role("button", name=re.compile("周敏")).click()
    board.until(lambda: between_colleagues(board) != "")
    inner = between_colleagues(board)
    own = engine.plans[inner].legs[0]
    far_li.call(inner, own.leg_id, is_auto=True, role="colleague", name="周敏")
    far_li.connect(own.leg_id)
    board.do(engine.change(inner, own.leg_id, "answered"))
    expect(bar(li)).to_contain_text("周敏")
    expect(bar(li)).to_contain_text("与同事通话")
    board.until(lambda: len(engine.plans[inner].legs) == 2)
    theirs = engine.plans[inner].legs[1]
    far_zhou.call(inner, theirs.leg_id, role="colleague", name="李强")
    waiting = bar(zhou).get_by_role("group", name="来电等待")
    expect(waiting).to_contain_text("李强")
    assert_clean(zhou.page, "call-waiting")
    waiting.get_by_role("button", name="接听").click()
    board.until(lambda: isinstance(engine.caller(call_id).activity, Listen))
    far_zhou.connect(theirs.leg_id)
    board.do(engine.change(inner, theirs.leg_id, "answered"))
    expect(bar(zhou)).to_contain_text("与同事通话")
    expect(bar(zhou).get_by_role("group", name="已停放")).to_be_visible()
    assert_clean(zhou.page, "call-parked")
    button(zhou, "挂断").click()
    board.until(lambda: theirs.leg_id in far_zhou.ended)
    board.do(engine.change(inner, theirs.leg_id, "ended"))
    board.do(engine.is_over(inner))
    far_li.hang_up(own.leg_id)
    expect(bar(li)).to_contain_text("电话就绪")
    expect(bar(zhou)).to_contain_text("保持中")
    button(zhou, "取回").click()
    board.do(engine.talks(call_id))
    expect(bar(zhou)).to_contain_text("通话中")
    end_by_citizen(zhou, far_zhou, board, call_id, leg_id)


def between_colleagues(board: Switchboard) -> str:
    """Return the call between colleagues that goes on, empty when there is none."""
    plans = board.engine.plans.values()
    return next((plan.call_id for plan in plans if any(leg.role == "colleague" for leg in plan.legs)), "")


def test_a_reloaded_page_is_back_in_its_call_without_the_agent(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    engine = board.engine
    call_id, leg_id = answer(agent, far, board)
    agent.page.reload()
    expect(bar(agent)).to_contain_text("接通中")
    board.until(lambda: leg_id not in {leg.leg_id for leg in engine.plans[call_id].legs})
    leg = engine.agent(call_id)
    assert leg is not None
    assert leg.dial is not None
    assert leg.dial.auto_answer
    far.call(call_id, leg.leg_id, is_auto=True)
    far.connect(leg.leg_id)
    board.do(engine.change(call_id, leg.leg_id, "answered"))
    expect(bar(agent)).to_contain_text("通话中")
    expect(button(agent, "静音")).to_be_enabled()
    end_by_citizen(agent, far, board, call_id, leg.leg_id)


def test_a_colleague_is_asked_joins_and_takes_the_call(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    call_id, leg_id = answer(agent, far, board)
    colleague, far_li = sit_down(people, board, "li")
    engine = board.engine
    agent.page.keyboard.press("Alt+t")
    dialog = agent.page.get_by_role("dialog", name=re.compile("^咨询或转接"))
    dialog.get_by_role("combobox", name="坐席").click()
    agent.page.get_by_role("option", name=re.compile("李")).click()
    assert_clean(agent.page, "call-dialog")
    dialog.get_by_role("button", name="先咨询").click()
    board.until(lambda: len(engine.plans[call_id].legs) == 3)
    expect(bar(agent)).to_contain_text("咨询中")
    leg = engine.agent(call_id)
    assert leg is not None
    far_li.call(call_id, leg.leg_id)
    expect(bar(colleague)).to_contain_text("来电")
    button(colleague, "接听").click()
    far_li.connect(leg.leg_id)
    board.do(engine.change(call_id, leg.leg_id, "answered"))
    expect(bar(agent).get_by_role("list", name="通话各方")).to_contain_text("等待中，听音乐")
    expect(button(agent, "交给对方")).to_be_enabled()
    assert_clean(agent.page, "call-consult")
    button(agent, "三方通话").click()
    expect(bar(agent)).to_contain_text("多方通话")
    expect(bar(agent)).to_contain_text("各方都能互相听见")
    button(agent, "交给对方").click()
    board.until(lambda: leg_id not in {one.leg_id for one in engine.plans[call_id].legs})
    far.hang_up(leg_id)
    board.do(engine.change(call_id, leg_id, "ended"))
    expect(bar(agent)).to_contain_text("电话就绪")
    expect(bar(colleague)).to_contain_text("通话中")
    colleague.rows.first.click()
    end_by_citizen(colleague, far_li, board, call_id, leg.leg_id)


def test_a_supervisor_reads_who_hears_whom(people: People, board: Switchboard) -> None:
    agent, far = sit_down(people, board, "zhou")
    call_id, leg_id = answer(agent, far, board)
    chief, far_chief = sit_down(people, board, "chen")
    engine = board.engine
    chief.page.goto(agent.page.url)
    group = chief.page.get_by_role("group", name="通话监督")
    expect(group).to_contain_text("未参与此通话")
    expect(bar(chief)).to_contain_text("电话就绪")
    group.get_by_role("button", name="旁听").click()
    board.until(lambda: len(engine.plans[call_id].legs) == 3)
    leg = engine.plans[call_id].legs[-1]
    far_chief.call(call_id, leg.leg_id, is_auto=True)
    far_chief.connect(leg.leg_id)
    board.do(engine.change(call_id, leg.leg_id, "answered"))
    expect(group).to_contain_text("您能听见双方，双方都听不见您")
    expect(bar(chief)).to_contain_text("旁听中")
    assert_clean(chief.page, "call-listen")
    group.get_by_role("button", name="耳语").click()
    expect(group).to_contain_text("只有坐席听得见您，市民听不见")
    expect(group.get_by_role("button", name="耳语")).to_have_attribute("aria-pressed", "true")
    group.get_by_role("button", name="加入").click()
    expect(group).to_contain_text("所有人都听得见您")
    words = group.get_by_role("list", name="强插规范用语")
    expect(words).to_contain_text("打扰一下")
    expect(words).to_contain_text("工号3001")
    assert_clean(chief.page, "call-barge")
    group.get_by_role("button", name="退出").click()
    board.until(lambda: len(engine.plans[call_id].legs) == 2)
    far_chief.hang_up(leg.leg_id)
    board.do(engine.change(call_id, leg.leg_id, "ended"))
    expect(bar(chief)).to_contain_text("电话就绪")
    end_by_citizen(agent, far, board, call_id, leg_id)


def test_a_recording_is_played_sought_slowed_down_and_taken_away(
    people: People, board: Switchboard, administrator: str
) -> None:
    agent, far = sit_down(people, board, "zhou")
    call_id, leg_id = answer(agent, far, board)
    engine = board.engine
    file = board.do(keep(board, tone_wav(12)))
    board.do(engine.recorded(call_id, engine.plans[call_id].recordings[0].recording_id, file))
    end_by_citizen(agent, far, board, call_id, leg_id)
    card = agent.log.get_by_role("article").filter(has_text="通话录音")
    card.get_by_role("button", name="播放通话录音").click()
    expect(card.get_by_role("button", name="暂停通话录音")).to_be_visible()
    card.get_by_role("combobox", name="播放速度").select_option("2")
    assert card.locator("audio").evaluate("audio => audio.playbackRate") == 2
    slider = card.get_by_role("slider", name="播放位置")
    card.get_by_role("button", name="暂停通话录音").click()
    slider.focus()
    slider.press("End")
    agent.page.wait_for_function("audio => audio.currentTime > 9", arg=card.locator("audio").element_handle())
    loud = card.locator("path.line").first
    agent.page.wait_for_function("path => path.getAttribute('d').includes(' 2V38')", arg=loud.element_handle())
    assert_clean(agent.page, "call-recording")
    answer_to_range = agent.context.request.get(
        board.url + str(card.get_by_role("link", name="下载通话录音").get_attribute("href")),
        headers={"Range": "bytes=100-199"},
    )
    assert (answer_to_range.status, len(answer_to_range.body())) == (206, 100)
    page = log_in(people, administrator)
    page.goto(f"{board.url}/admin/recordings")
    found = page.get_by_role("region", name="通话录音").get_by_role("listitem").first
    expect(found).to_contain_text("周敏")
    found.get_by_role("button", name="收听").click()
    page.get_by_role("button", name="打包导出").click()
    expect(page.get_by_text("下载压缩包")).to_be_visible()
    assert_clean(page, "recordings")
    page.goto(f"{board.url}/admin/calls")
    search = page.get_by_role("search")
    search.get_by_label("方向").select_option("呼入")
    search.get_by_label("坐席").select_option("3021 周敏")
    search.get_by_role("button", name="查找").click()
    call = page.get_by_role("region", name="查到的通话").get_by_role("row").nth(1)
    expect(call).to_contain_text("周敏")
    expect(call).to_contain_text("有录音")
    with page.expect_download() as saved:
        page.get_by_role("link", name="导出 Excel").click()
    assert saved.value.suggested_filename == "calls.xlsx"
    assert_clean(page, "calls")


async def keep(board: Switchboard, sound: bytes) -> Attachment:
    """Keep a file as the voice plugin's host does."""
    return await board.house.services.media.keep(sound, mime="audio/wav", name="talk.wav", instance=VOICE)


def tone_wav(seconds: int, rate_hz: int = 8000) -> bytes:
    """Return a stereo recording: a tone on the left, silence on the right."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        left = (round(9000 * math.sin(2 * math.pi * 440 * at / rate_hz)) for at in range(seconds * rate_hz))
        sound.writeframes(b"".join(struct.pack("<hh", one, 0) for one in left))
    return file.getvalue()


def test_a_call_brings_who_it_is_and_the_form_of_the_keys_pressed_and_is_called_back_by_a_click(
    people: People, board: Switchboard
) -> None:
    engine, number = board.engine, new_number()
    field = FormField(name="matter", title={"zh": "事项"})
    for queue_id, title in (("general", "来电登记"), ("housing", "公积金登记")):
        form = Form(title={"zh": title}, queue_ids=(queue_id,), opens=True, fields=(field,))
        board.do(board.house.services.forms.save(OPERATOR, f"opens-{queue_id}", form))
    board.do(lead(board.house, "12329", "fund", FLOW))
    li, far = sit_down(people, board, "li")
    forms = li.page.get_by_role("region", name="表单").get_by_role("combobox", name="表单")
    for keys, queue_id in (("0", "general"), ("2", "housing")):
        call_id = board.do(engine.arrive(number, dialled="12329"))
        board.do(engine.hears(call_id, "请选择"))
        board.do(engine.press(call_id, keys))
        if queue_id == "housing":
            board.do(engine.hears(call_id, "个人账号"))
            board.do(engine.press(call_id, "31415926#"))
        leg_id = board.do(engine.rings(call_id)).leg_id
        board.do(engine.change(call_id, leg_id, "ringing"))
        far.call(call_id, leg_id)
        if queue_id == "housing":
            for text in ("陈桂英", number[-4:], "和平路 8 号", "来过 1 次", "按键 2"):
                expect(li.offer).to_contain_text(text)
        li.offer.get_by_role("button", name=re.compile("^接听")).click()
        far.connect(leg_id)
        board.do(engine.change(call_id, leg_id, "answered"))
        board.do(engine.hears(call_id, "工号"))
        board.do(engine.finish(call_id))
        board.do(engine.talks(call_id))
        expect(forms).to_have_value(f"opens-{queue_id}")
        board.do(name_caller(board, number))
        end_by_citizen(li, far, board, call_id, leg_id)
        wrap_up(li, board, call_id)
    shown = li.page.get_by_role("region", name="联系方式")
    shown.get_by_role("button", name=re.compile("^呼叫 ")).click()
    call_out_to(li, board, number)
    button(li, "拨号").click()
    dialog = li.page.get_by_role("dialog", name="拨打电话")
    dialog.get_by_role("combobox").fill("053188886666")
    dialog.get_by_role("button", name="拨号", exact=True).click()
    call_out_to(li, board, "tel:+8653188886666")


def wrap_up(agent: Agent, board: Switchboard, call_id: str) -> None:
    """Finish the conversation of a call that is over."""
    conversation_id = board.do(wrapping_up(call_id))
    assert agent.call("POST", f"/conversations/{conversation_id}/wrap-up", code="answered", summary="")
    expect(agent.rows).to_have_count(0)


async def wrapping_up(call_id: str) -> str:
    """Return a call's conversation once its agent wraps up."""
    call = await Call.get(call_id=call_id)
    await eventually(Conversation.filter(conversation_id=call.conversation_id, state="wrap_up"))
    return call.conversation_id


async def name_caller(board: Switchboard, number: str) -> None:
    """Write down who has this number, and where they live."""
    address = await Address.get(uri=number)
    edit = ContactEdit(name="陈桂英", attributes={"address": "和平路 8 号"})
    await board.house.services.contacts.edit(KNOWS_ALL, address.contact_id, edit, remote="")


def call_out_to(agent: Agent, board: Switchboard, number: str) -> None:
    """Lift the phone that rings, and have nobody answer at the number that is then called."""
    engine = board.engine
    board.until(lambda: calling(board) != "")
    call_id = calling(board)
    leg = board.do(engine.rings(call_id))
    board.do(engine.change(call_id, leg.leg_id, "answered"))
    board.until(lambda: len(engine.plans[call_id].legs) == 2)
    citizen = engine.caller(call_id)
    assert citizen.dial is not None
    assert citizen.dial.target == number
    board.do(engine.change(call_id, citizen.leg_id, "ended", cause="no_answer"))
    board.do(engine.is_over(call_id))
    wrap_up(agent, board, call_id)


def calling(board: Switchboard) -> str:
    """Return the call of an agent that goes out now, empty when there is none."""
    plans = board.engine.plans.values()
    return next((plan.call_id for plan in plans if any(leg.role == "agent" for leg in plan.legs)), "")
