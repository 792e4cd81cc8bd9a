"""Tables to take away: workbooks (Office Open XML, ISO/IEC 29500) and CSV (RFC 4180). Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"
NAME_CHARS: Final = 31  # of a sheet; Excel takes no more
WIDEST: Final = 60  # characters of a column
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Cell = str | float | datetime | None
FileFormat = Literal["xlsx", "csv"]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; times are aware, and shown as they are."""

    title: str
    headings: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Download:
    """A file ready to be sent."""

    data: bytes
    mime: str
    name: str


def workbook(tables: Iterable[Table]) -> bytes:
    """Return ``tables`` as a workbook, one sheet each; a text is never a formula."""
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - 2 MB that few hours need

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    formats = {
        "head": book.add_format({"bold": True, "bg_color": "#EEF2F7", "bottom": 1, "text_wrap": True}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top"}),
        "number": book.add_format({"valign": "top"}),
    }
    names: set[str] = set()
    for number, table in enumerate(tables, 1):
        name = _sheet_name(table.title)
        if not name or name.casefold() in names:
            name = _sheet_name(f"{number} {table.title}")
        names.add(name.casefold())
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(table.headings):
            sheet.write_string(0, column, heading, formats["head"])
            sheet.set_column(column, column, _width(table, column))
        for place, row in enumerate(table.rows, 1):
            for column, cell in enumerate(row):
                _write(sheet, place, column, cell, formats)
        if table.rows:
            sheet.autofilter(0, 0, len(table.rows), len(table.headings) - 1)
    book.close()
    return file.getvalue()


def csv_file(table: Table) -> bytes:
    """Return ``table`` as CSV in UTF-8 that spreadsheets open as it is; a cell like a formula begins with ``'``."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.headings)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _sheet_name(title: str) -> str:
    """Return what Excel takes of ``title``."""
    return re.sub(r"[\[\]:*?/\\\U00010000-\U0010ffff]", " ", title)[:NAME_CHARS].strip("' ")


def _write(sheet: Any, row: int, column: int, cell: Cell, formats: dict[str, Any]) -> None:
    match cell:
        case None | "":
            pass
        case datetime():
            sheet.write_datetime(row, column, cell.replace(tzinfo=None), formats["time"])
        case str():
            sheet.write_string(row, column, cell, formats["text"])
        case _:
            sheet.write_number(row, column, cell, formats["number"])


def _width(table: Table, column: int) -> float:
    longest = max((_columns(_plain(row[column])) for row in table.rows), default=0)
    return min(WIDEST, max(8, longest, _columns(table.headings[column])) + 2)


def _columns(text: str) -> int:
    """Return how wide ``text`` is shown: Chinese characters take two places."""
    return max((sum(2 if char >= "\u2e80" else 1 for char in line) for line in text.splitlines()), default=0)


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.isoformat(sep=" ", timespec="minutes")[:16]
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA) else cell
        case _:
            return f"{cell:.15g}"
