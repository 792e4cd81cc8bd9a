"""Tables open in spreadsheets as they were: texts as texts, numbers as numbers, nothing as a formula."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from hub.tables import Table, csv_file, workbook

TABLE = Table(
    "得分: [一/二]" + "长" * 40,
    ("坐席", "时间", "得分"),
    [
        ("周敏", datetime(2026, 3, 2, 9, 30, tzinfo=UTC), 94.6),
        ('=HYPERLINK("http://x")', None, 7),
        ("", None, 1_234_567.5),
    ],
)


def read(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_has_each_table_on_a_sheet() -> None:
    sheets = read(workbook([TABLE, Table("空", ("列",))]))
    (name, rows), (_, empty) = sheets.items()
    assert name == "得分   一 二 " + "长" * 22
    assert rows[0] == ["坐席", "时间", "得分"]
    assert rows[1][0] == "周敏"
    assert str(rows[1][1]).startswith(str(date(2026, 3, 2)))
    assert (rows[1][2], rows[2][0], rows[2][2]) == (94.6, '=HYPERLINK("http://x")', 7)
    assert empty == [["列"]]


def test_a_csv_file_runs_nothing_in_a_spreadsheet() -> None:
    text = csv_file(TABLE).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["坐席", "时间", "得分"],
        ["周敏", "2026-03-02 09:30", "94.6"],
        ['\'=HYPERLINK("http://x")', "", "7"],
        ["", "", "1234567.5"],
    ]


@pytest.mark.parametrize("title", ["", "''", "????", "x" * 100])
def test_whatever_a_table_is_called_it_becomes_a_sheet(title: str) -> None:
    assert len(read(workbook([Table(title, ("列",))]))) == 1


def test_tables_of_one_name_stand_beside_each_other() -> None:
    assert len(read(workbook([Table("周敏", ("列",)), Table("周敏", ("列",))]))) == 2
