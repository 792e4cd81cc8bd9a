"""Takes the text out of a file: Word, Excel and OpenDocument tables, PDF, HTML, Markdown and plain text."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final

import pypdfium2  # type: ignore[import-untyped]
from python_calamine import CalamineWorkbook

from hub.knowledge.importing.drafts import NotReadable
from hub.knowledge.importing.office import MAX_ROWS, cell_text, check_size, read_word
from hub.knowledge.importing.texts import decoded, read_html
from hub.knowledge.search.plain import HAN_zh
from hub.knowledge.views import ArticleContent

MAX_TEXT_CHARS: Final = 100_000  # some hundred pages; what stands behind them is not searched
MAX_PAGES: Final = 1_000

_BROKEN_LINE: Final = re.compile(rf"(?<=[{HAN_zh}，、；：])[ \t]*\r?\n[ \t]*(?=[{HAN_zh}])")
_UNUSABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def text_of(data: bytes, name: str) -> str:
    """Return what stands in the file ``name``, "" in one without text; NotReadable when it cannot be read."""
    read = _READERS.get(PurePosixPath(name).suffix.lower())
    if read is None:
        raise NotReadable("unsupported")
    kept: list[str] = []
    size = 0
    for part in read(data):
        kept.append(part)
        size += len(part)
        if size >= MAX_TEXT_CHARS:
            break
    text = "\n".join(kept)[:MAX_TEXT_CHARS].replace("\r\n", "\n")
    return _UNUSABLE.sub("", text).strip()


def _pdf(data: bytes) -> Iterator[str]:
    try:
        document = pypdfium2.PdfDocument(data)
        for number in range(min(len(document), MAX_PAGES)):
            text = document[number].get_textpage().get_text_bounded()
            yield _BROKEN_LINE.sub("", text)  # lines of Chinese end wherever the page does
    except pypdfium2.PdfiumError as error:
        raise NotReadable("unreadable") from error


def _table(data: bytes) -> Iterator[str]:
    if data[:2] == b"PK":
        check_size(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in workbook.sheet_names:
            for row in workbook.get_sheet_by_name(name).to_python(nrows=MAX_ROWS):
                yield " ".join(text for cell in row if (text := cell_text(cell)))
    except Exception as error:  # whatever calamine makes of it
        raise NotReadable("unreadable") from error


def _word(data: bytes) -> Iterator[str]:
    return _sections(read_word(data, ""))


def _html(data: bytes) -> Iterator[str]:
    return _sections(read_html(data, ""))


def _plain(data: bytes) -> Iterator[str]:
    if b"\0" in data:
        raise NotReadable("unreadable")
    yield decoded(data)


def _sections(contents: list[ArticleContent]) -> Iterator[str]:
    for content in contents:
        yield content.title
        yield content.body


_READERS: Final[dict[str, Callable[[bytes], Iterator[str]]]] = {
    ".docx": _word,
    ".xlsx": _table,
    ".xls": _table,
    ".ods": _table,
    ".pdf": _pdf,
    ".html": _html,
    ".htm": _html,
    ".md": _plain,
    ".markdown": _plain,
    ".csv": _plain,
    ".txt": _plain,
}
