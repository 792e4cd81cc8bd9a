"""The administrator backs up: now, by a timetable, and takes the file along."""

from pathlib import Path

from playwright.sync_api import expect

from hub.backup.restoring import restore_backup
from tests.browser.support.axe import faults_of
from tests.browser.support.people import Agent
from tests.journeys.support.house import House

SIZES = ((1440, 900), (1280, 800), (720, 900))


def test_a_backup_is_made_taken_along_and_deleted(house: House, administrator: Agent, tmp_path: Path) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/backups")
    page.get_by_role("button", name="立即备份").click()
    expect(page.get_by_text("备份已完成")).to_be_visible()
    page.get_by_role("button", name="显示恢复码").click()
    code = page.get_by_label("恢复码").input_value()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载").click()
    download.value.save_as(tmp_path / "taken")
    restore_backup(tmp_path / "taken", tmp_path / "restored", code)
    assert (tmp_path / "restored" / "hub.db").exists()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off sideways"
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="删除").click()
    expect(page.get_by_text("还没有备份")).to_be_visible()


def test_the_timetable_is_kept(house: House, administrator: Agent) -> None:
    page = administrator.page
    page.goto(f"{house.url}/admin/backups")
    page.get_by_label("时间（服务器时区）").fill("4")
    page.get_by_label("自动备份保留份数").fill("30")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    page.reload()
    expect(page.get_by_label("时间（服务器时区）")).to_have_value("4")
    expect(page.get_by_label("自动备份保留份数")).to_have_value("30")


def test_backups_are_copied_to_a_folder_that_can_be_written_to(
    house: House, administrator: Agent, tmp_path: Path
) -> None:
    page = administrator.page
    administrator.watch.tolerate("status of 422", "/backup-offsite")
    page.goto(f"{house.url}/admin/backups")
    page.get_by_label("复制到").select_option("folder")
    page.get_by_label("文件夹（绝对路径）").fill(str(tmp_path / "not-mounted"))
    page.get_by_role("button", name="试写并保存").click()
    expect(page.get_by_role("alert").filter(has_text="not-mounted")).to_be_visible()
    page.get_by_label("文件夹（绝对路径）").fill(str(tmp_path))
    page.get_by_role("button", name="试写并保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    page.get_by_role("button", name="立即备份").click()
    expect(page.get_by_text("备份已完成")).to_be_visible()
    name = page.get_by_role("link", name="下载").get_attribute("download")
    expect(page.get_by_text(f"最近复制：{name}")).to_be_visible()
    assert (tmp_path / str(name)).is_file()
