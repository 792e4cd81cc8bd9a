"""A conversation is served with a hint, scored, disputed and decided; each page in all its looks."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.support.looks import assert_clean
from tests.browser.support.people import Agent, People
from tests.journeys.support.house import House

RUDE = "你急什么"


def judge(page: Agent, failed: str) -> None:
    """Give full marks for everything but the item called ``failed``."""
    items = page.page.locator(".sheet fieldset")
    expect(items.first).to_be_visible()
    for item in items.all():
        choice = item.get_by_role("radio").nth(2 if failed in item.locator("legend").inner_text() else 0)
        choice.check()


def taken_away(page: Page, where: Locator) -> str:
    """Take a workbook away; return what it is called."""
    with page.expect_download() as download:
        where.get_by_role("link", name="导出 Excel").click()
    return download.value.suggested_filename


def test_a_conversation_is_scored_and_its_agent_appeals(people: People, house: House, administrator: Agent) -> None:
    zhou, chen, citizen = people.agent("zhou"), people.agent(), people.citizen()
    citizen.ask_for_a_person()
    zhou.accept()
    conversation_id = zhou.page.url.rpartition("/")[2]
    zhou.field.fill(RUDE)
    hint = zhou.page.get_by_role("status", name="服务提示")
    expect(hint).to_contain_text(RUDE)
    assert_clean(zhou.page, "desk-hint")
    hint.get_by_role("button", name="知道了").click()
    expect(hint).to_have_count(0)
    zhou.field.press("Enter")
    expect(zhou.entry(RUDE)).to_be_visible()
    zhou.call("POST", f"/conversations/{conversation_id}/end")
    zhou.call("POST", f"/conversations/{conversation_id}/wrap-up", code="answered")

    chen.log_in("chen")
    chen.page.wait_for_url("**/desk")
    reviewer = chen.call("GET", "/session")["user_id"]
    case = administrator.call(
        "POST", "/quality-cases", conversation_id=conversation_id, sheet_id="general", reviewer_ids=[reviewer]
    )
    assert case is not None
    with chen.page.expect_response("**/findings"):
        chen.page.goto(f"{house.url}/quality/reviews")
        chen.page.get_by_role("button", name="周敏").last.click()
    expect(chen.log).to_contain_text(RUDE)
    judge(chen, "用语礼貌")
    assert_clean(chen.page, "quality-review")
    chen.page.get_by_role("button", name="提交评分").click()
    expect(chen.page.get_by_text("评分已提交", exact=True)).to_be_visible()

    zhou.page.goto(f"{house.url}/quality/own")
    zhou.page.get_by_role("button", name="综合服务").first.click()
    zhou.page.get_by_label("申诉理由").fill("那是在安抚对方")
    assert_clean(zhou.page, "quality-own")
    zhou.page.get_by_role("button", name="提出申诉").click()
    expect(zhou.page.get_by_text("待裁定")).to_be_visible()

    admin = administrator.page
    admin.goto(f"{house.url}/quality/appeals")
    admin.get_by_role("button", name="周敏").last.click()
    admin.get_by_label("裁定意见").fill("维持原评分")
    assert_clean(admin, "quality-appeal")
    admin.get_by_role("button", name="不采纳").click()
    expect(admin.get_by_text("裁定已保存")).to_be_visible()
    admin.goto(f"{house.url}/quality/results")
    expect(admin.get_by_role("row", name="周敏").first).to_contain_text("1")
    assert_clean(admin, "quality-results")
    assert taken_away(admin, admin.locator(".admin-page")) == "quality.xlsx"
    admin.goto(f"{house.url}/quality/cases/{case['case_id']}")
    form = admin.locator(".admin-form")
    expect(form.get_by_role("heading", name="周敏")).to_be_visible()
    assert_clean(admin, "quality-cases")
    assert taken_away(admin, form) == f"score-{case['case_id'][:8]}.xlsx"


def test_the_pages_of_rules_sheets_and_plans(house: House, administrator: Agent) -> None:
    page = administrator.page
    for name, entry in (
        ("service-rules", "嫌对方着急"),
        ("score-sheets", "通用评分表"),
        ("sampling-plans", "每日抽检"),
    ):
        page.goto(f"{house.url}/admin/{name}")
        page.get_by_role("button", name=entry).click()
        expect(page.locator(".admin-form .body")).to_be_visible()
        if name == "service-rules":
            page.get_by_label("输入一段话").fill("您好。你急什么")
            page.get_by_role("button", name="试全部规则").click()
            expect(page.locator(".hits")).to_contain_text("嫌对方着急")
            assert_clean(page, f"admin-{name}")
