"""Citizens and employers ask for what is theirs by keys, and hear it only once they are known."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from core.flow import LookedUp, StartLookup
from hub.accounts.identity import Identity
from hub.flows.starters import starters
from hub.store.models import Entry
from tests.hub.calls.conftest import Advance
from tests.hub.calls.test_numbers import lead
from tests.hub.support.engine import FakeEngine
from tests.hub.support.house import House

OPERATOR = Identity(username="operator")
ID_WITH_X: Final = "11010519491231002X"
SCHEMA: Final = f"""
    CREATE TABLE person (account TEXT, id_number TEXT, pin TEXT, name TEXT, deposited_until TEXT, monthly REAL, balance REAL);
    CREATE TABLE withdrawal (account TEXT, day TEXT, amount REAL);
    CREATE TABLE loan (account TEXT, day TEXT, amount REAL, balance REAL, instalment REAL, due TEXT, overdue REAL);
    CREATE TABLE employer (account TEXT, pin TEXT, name TEXT, paid_until TEXT, employees INTEGER, monthly REAL);
    CREATE TABLE arrears (account TEXT, since TEXT, amount REAL);
    CREATE TABLE clinic (area TEXT, name TEXT);
    INSERT INTO person VALUES ('31415926', '{ID_WITH_X}', '271828', '王芳', '2026-10-31', 1250.5, 86420.75);
    INSERT INTO person VALUES ('31415927', '{ID_WITH_X}', '161803', '王芳', '2026-10-31', 0, 0);
    INSERT INTO withdrawal VALUES ('31415926', '2024-03-05', 20000), ('31415926', '2025-06-18', 8000);
    INSERT INTO loan VALUES ('31415926', '2020-01-15', 500000, 386000, 2650, '2026-12-20', 2650);
    INSERT INTO employer VALUES ('80001', '577215', '惠民纺织厂', '2026-09-30', 128, 160000);
    INSERT INTO employer VALUES ('80002', '577216', '惠民钟表厂', '2026-09-30', 7, 9000);
    INSERT INTO arrears VALUES ('80001', '2026-10-01', 320000);
    INSERT INTO clinic VALUES ('100001', '第一人民医院'), ('100001', '城东社区卫生服务中心');
"""  # noqa: E501
QUERIES: Final = {
    "personal-check": "SELECT name FROM person WHERE account = :account AND id_number = :id_number AND pin = :pin",
    "personal-account": "SELECT deposited_until, monthly AS monthly_amount, balance FROM person"
    " WHERE account = :account",
    "personal-withdrawals": "SELECT max(day) AS withdrawn_on, amount AS withdrawn_amount,"
    " (SELECT sum(amount) FROM withdrawal WHERE account = :account) AS withdrawn_total"
    " FROM withdrawal WHERE account = :account GROUP BY account",
    "personal-loan": "SELECT day AS granted_on, amount AS loan_amount, balance AS loan_balance, instalment,"
    " due AS due_on, overdue FROM loan WHERE account = :account",
    "employer-check": "SELECT name FROM employer WHERE account = :account AND pin = :pin",
    "employer-account": "SELECT paid_until, employees, monthly AS monthly_total FROM employer WHERE account = :account",
    "employer-arrears": "SELECT since AS owed_since, amount AS owed_amount FROM arrears WHERE account = :account",
    "clinics": "SELECT name AS clinics FROM clinic WHERE area = :area",
}
GUARDED: Final = {"personal-check": "account", "employer-check": "account"}
CASE: Final = {"matter": "工伤认定", "state": "审核中", "changed_on": "2026-11-02", "due_on": "2026-12-01"}
INSURED: Final = {"insurances": "养老、医疗", "since": "2009-07-01", "paid_until": "2026-10-31"}


@pytest.fixture(autouse=True)
async def lines(still_house: House) -> AsyncIterator[None]:
    """Set up a database and a web service as connectors, and a number for each of the flows."""

    async def case(request: web.Request) -> web.Response:
        is_known = (request.query["case_number"], request.query["case_code"]) == ("2026110207", "314159")
        return web.json_response(CASE) if is_known else web.json_response({}, status=404)

    async def insurance(request: web.Request) -> web.Response:
        is_known = (request.query["id_number"], request.query["pin"]) == (ID_WITH_X, "271828")
        return web.json_response(INSURED) if is_known else web.json_response({}, status=404)

    app = web.Application()
    app.router.add_get("/cases", case)
    app.router.add_get("/insurance", insurance)
    folder = still_house.settings.data_dir / "lookups"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "accounts.db")) as database:
        database.executescript(SCHEMA)
    async with TestServer(app) as server:
        for name, path in (("case-progress", "/cases"), ("participation", "/insurance")):
            await connect(still_house, name, {"kind": "http", "url": str(server.make_url(path))})
        for name, query in QUERIES.items():
            settings = {"kind": "sqlite", "file": "accounts.db", "query": query, "guarded_by": GUARDED.get(name, "")}
            await connect(still_house, name, {**settings, "max_rows": 10 if name == "clinics" else 1})
        existing = await still_house.services.flow_library.references()
        graphs = {one.name: one for one in starters(existing)}
        assert not any(one.questions for one in graphs.values())  # every connector they ask was made
        for number, name in (("12329", "personal_account"), ("12330", "employer_account"), ("12333", "case_progress")):
            await lead(still_house, number, name, graphs[name].graph)
        yield


async def connect(house: House, name: str, settings: dict[str, Any]) -> None:
    """Keep a connector."""
    await house.services.connectors.save(OPERATOR, name, settings)


async def enter(engine: FakeEngine, call_id: str, **keys: str) -> None:
    """Answer each question, known by a word of it, with keys."""
    for asked, answer in keys.items():
        await engine.hears(call_id, asked)
        await engine.press(call_id, answer)


async def identify(engine: FakeEngine, call_id: str, pin: str, *, account: str = "31415926") -> None:
    """Enter what a person is known by."""
    await enter(engine, call_id, 个人账号=f"{account}#", 身份证=f"{ID_WITH_X[:-1]}*", 查询密码=pin)


async def test_who_is_known_by_account_identity_and_pin_hears_amounts_and_dates_of_their_own(
    engine: FakeEngine,
) -> None:
    call_id = await engine.arrive(dialled="12329")
    await identify(engine, call_id, "271828")
    await engine.hears(call_id, "王芳", "请选择")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "二零二六年", "十月", "三十一日", "一千二百", "五十元", "五角", "八万", "七角", "五分")
    await engine.press(call_id, "2")
    await engine.hears(call_id, "二零二五年", "六月", "十八日", "八千", "累计提取", "两万")
    await engine.press(call_id, "3")
    await engine.hears(
        call_id, "二零二零年", "五十万", "三十八万", "本期应还", "两千六百", "还款日", "十二月", "二十日", "逾期"
    )


async def test_an_account_without_a_loan_says_so_and_the_menu_comes_again(engine: FakeEngine) -> None:
    call_id = await engine.arrive(dialled="12329")
    await identify(engine, call_id, "161803", account="31415927")
    await enter(engine, call_id, 请选择="3")
    await engine.hears(call_id, "没有查到", "请选择")


async def test_who_is_wrong_three_times_hears_nothing_personal_and_reaches_a_person_who_knows(
    engine: FakeEngine,
) -> None:
    call_id = await engine.arrive(dialled="12329")
    for _ in range(2):
        await identify(engine, call_id, "000000")
        await engine.hears(call_id, "不一致")
    await identify(engine, call_id, "000000")
    await engine.hears(call_id, "核对三次都没有通过", "正在为您转接")
    told = "".join(prompt.media_id for plan in engine.history for leg in plan.legs for prompt in prompts(leg.activity))
    assert "王芳" not in told
    collected = await Entry.get(code="collected")
    assert collected.params == {"values": "个人账号：31415926，身份已核对：否"}


def prompts(activity: Any) -> Any:
    """Return what an activity says, if anything."""
    return getattr(activity, "prompts", ())


async def test_an_account_guessed_at_from_call_to_call_is_closed_to_the_machine_for_an_hour(
    engine: FakeEngine, advance: Advance
) -> None:
    for number in range(2):
        call_id = await engine.arrive(f"tel:+861390000001{number}", dialled="12329")
        for tried in range(3 - number):
            await identify(engine, call_id, "000000")
            await engine.hears(call_id, "不一致" if tried < 2 else "核对三次")
    right = await engine.arrive("tel:+8613900000019", dialled="12329")
    await identify(engine, right, "271828")
    await engine.hears(right, "现在无法查询", "正在为您转接")
    other = await engine.arrive("tel:+8613900000018", dialled="12329")
    await identify(engine, other, "161803", account="31415927")
    await engine.hears(other, "王芳")
    await advance(3_601)
    right = await engine.arrive("tel:+8613900000019", dialled="12329")
    await identify(engine, right, "271828")
    await engine.hears(right, "王芳")


async def test_a_guarded_connector_is_not_asked_by_a_flow_that_leaves_out_what_guards_it(still_house: House) -> None:
    answers: asyncio.Queue[LookedUp] = asyncio.Queue()

    async def answered(_: str, answer: LookedUp) -> None:
        await answers.put(answer)

    connectors = still_house.services.connectors
    url = next(one.settings["url"] for one in await connectors.all() if one.connector_id == "case-progress")
    await connect(still_house, "guarded", {"kind": "http", "url": url, "guarded_by": "account"})
    known = {"case_number": "2026110207", "case_code": "314159"}
    for params, status in ((known | {"account": "31415926"}, "found"), (known, "failed")):
        await connectors.start("c-1", StartLookup(connector="guarded", params=params, timeout_s=30, turn=1), answered)
        assert (await asyncio.wait_for(answers.get(), 60)).status == status


async def test_an_employer_hears_deposits_and_arrears(engine: FakeEngine) -> None:
    call_id = await engine.arrive(dialled="12330")
    await enter(engine, call_id, 单位账号="80001#", 查询密码="577215")
    await engine.hears(call_id, "惠民纺织厂")
    await engine.press(call_id, "1")
    await engine.hears(call_id, "二零二六年", "九月", "缴存职工128人", "十六万")
    await engine.press(call_id, "2")
    await engine.hears(call_id, "十月", "欠缴", "三十二万")
    other = await engine.arrive("tel:+8613900000002", dialled="12330")
    await enter(engine, other, 单位账号="80002#", 查询密码="577216", 惠民钟表厂="2")
    await engine.hears(other, "没有欠缴")


async def test_the_progress_of_a_case_insurance_clinics_and_the_card_guide_are_told(engine: FakeEngine) -> None:
    call_id = await engine.arrive(dialled="12333")
    await enter(engine, call_id, 请选择="1", 受理编号="2026110207#", 查询码="314158")
    await engine.hears(call_id, "不一致", "请选择")
    await enter(engine, call_id, 请选择="1", 受理编号="2026110207#", 查询码="314159")
    await engine.hears(call_id, "工伤认定", "审核中", "十一月", "二日", "预计", "十二月", "一日")
    await enter(engine, call_id, 请选择="2", 身份证=f"{ID_WITH_X[:-1]}*", 查询密码="271828")
    await engine.hears(call_id, "养老、医疗", "二零零九年", "七月")
    await enter(engine, call_id, 请选择="3", 邮政编码="100001")
    await engine.hears(call_id, "第一人民医院", "城东社区")
    await engine.press(call_id, "4")
    await engine.hears(call_id, "就近的社保服务网点")
