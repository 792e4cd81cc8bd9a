"""Pages that look after the whole: the system's state, the configuration as a file, the simulator."""

import json
import os
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.support.people import Agent
from tests.journeys.support.house import House


def test_the_configuration_is_taken_along_previewed_and_applied(
    house: House, administrator: Agent, tmp_path: Path
) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/configuration")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载配置文件").click()
    download.value.save_as(tmp_path / "taken.json")
    configuration = json.loads((tmp_path / "taken.json").read_bytes())
    configuration["queues"]["general"]["title"]["zh"] = "综合咨询"
    (tmp_path / "wanted.json").write_text(json.dumps(configuration), encoding="utf-8")

    page.get_by_label("选择文件").set_input_files(tmp_path / "wanted.json")
    preview = page.get_by_role("region", name="变更预览：wanted.json")
    expect(preview.get_by_text("将改变 1 项")).to_be_visible()
    expect(preview.get_by_role("insertion")).to_contain_text("综合咨询")
    if folder := os.environ.get("LIANXIN_PICTURES"):
        page.screenshot(path=Path(folder) / "configuration-preview.png")
    page.once("dialog", lambda dialog: dialog.accept())
    preview.get_by_role("button", name="应用这些变更").click()
    expect(page.get_by_text("已应用 1 项变更").first).to_be_visible()
    page.get_by_label("选择文件").set_input_files(tmp_path / "wanted.json")
    expect(page.get_by_text("与现有配置一致")).to_be_visible()
    page.get_by_label("选择文件").set_input_files(tmp_path / "taken.json")  # as it was, for who comes after
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="应用这些变更").click()
    expect(page.get_by_text("已应用 1 项变更").first).to_be_visible()


def test_the_system_names_what_runs(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/system")
    expect(page.get_by_role("region", name="进程")).to_contain_text("web_chat-main")
    expect(page.get_by_role("meter", name="磁盘已用")).to_be_visible()
    page.get_by_role("searchbox", name="查找页面和设置").fill("备份")
    page.get_by_role("navigation", name="管理页面").get_by_role("link", name="备份").first.click()
    expect(page.get_by_role("heading", name="备份", exact=True)).to_be_visible()


def test_the_wait_of_a_queue_is_simulated(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/simulator")
    page.get_by_label("坐席数").fill("12")
    page.get_by_label("每小时来访").fill("100")
    page.get_by_label("平均处理时长（秒，含话后）").fill("300")
    page.get_by_role("button", name="开始模拟").click()
    expect(page.get_by_role("status").filter(has_text="12 名坐席，负荷 8.3 爱尔兰")).to_be_visible()
    expect(page.get_by_role("region", name="各策略比较").get_by_role("row").nth(1)).to_be_visible(timeout=60_000)
