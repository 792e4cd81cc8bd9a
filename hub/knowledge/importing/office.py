"""Reads Word documents and tables of Excel or OpenDocument.

The libraries for it take 8 MB, in a process that rarely reads any; so they are imported where they are used.
"""

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

from core.events.knowledge import ArticleKind
from hub.knowledge.importing.drafts import MAX_DRAFTS, MAX_TITLE_CHARS, NotReadable, Sections, contents_of
from hub.knowledge.views import MAX_KEYS, ArticleContent

if TYPE_CHECKING:
    from docx.text.paragraph import Paragraph

MAX_UNPACKED_BYTES: Final = 200_000_000  # a small file may unpack to anything
MAX_ROWS: Final = 20_000

_HEADING: Final = re.compile(r"(?:heading|\u6807\u9898)\s*(\d)", re.IGNORECASE)
_SPLIT: Final = re.compile(r"[,，、;；\n]+")
_COLUMNS_zh: Final = "标题=title 问题=title 名称=title 内容=body 正文=body 答案=body 答复=body 关键词=keywords 关键字=keywords 同义词=synonyms 别名=synonyms 短码=code 编号=code 类型=kind 部门=owner 责任部门=owner 地区=region"  # noqa: E501
_COLUMNS_en: Final = "title=title question=title content=body body=body answer=body keywords=keywords synonyms=synonyms code=code kind=kind owner=owner department=owner region=region"  # noqa: E501
_COLUMNS: Final = dict(pair.split("=") for pair in f"{_COLUMNS_zh} {_COLUMNS_en}".split())
_KINDS_zh: Final = "政策=policy 法规=law 法律=law 流程=procedure 办事流程=procedure 问答=faq 常见问题=faq 指南=guide 电话=referral 转介电话=referral 表格=form 表单=form 目录=list 清单=list"  # noqa: E501
_KINDS: Final[dict[str, Any]] = dict(pair.split("=") for pair in _KINDS_zh.split())


def read_word(data: bytes, name: str) -> list[ArticleContent]:
    """Return one article for each heading of the first two levels; tables become lines."""
    import docx  # noqa: PLC0415
    from docx.table import Table  # noqa: PLC0415
    from docx.text.paragraph import Paragraph  # noqa: PLC0415

    check_size(data)
    try:
        document = docx.Document(io.BytesIO(data))
        parts = list(document.iter_inner_content())
    except Exception as error:  # whatever python-docx makes of a broken or hostile file
        raise NotReadable("unreadable") from error
    sections = Sections()
    for part in parts:
        if isinstance(part, Paragraph):
            _add_paragraph(sections, part)
        elif isinstance(part, Table):
            for row in part.rows:
                cells = dict.fromkeys(" ".join(cell.text.split()) for cell in row.cells)  # merged cells come twice
                sections.line(f"- {' | '.join(cell for cell in cells if cell)}")
    return contents_of(sections.all(), name)


def read_table(data: bytes, name: str) -> list[ArticleContent]:
    """Return one article for each row of each sheet whose first row names its columns."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415

    if data[:2] == b"PK":
        check_size(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [workbook.get_sheet_by_name(sheet).to_python(nrows=MAX_ROWS) for sheet in workbook.sheet_names]
    except Exception as error:  # whatever calamine makes of it
        raise NotReadable("unreadable") from error
    found: list[ArticleContent] = []
    has_titles = False
    for rows in sheets:
        fields = [_COLUMNS.get(cell_text(cell).casefold(), "") for cell in rows[0]] if rows else []
        if "title" in fields:
            has_titles = True
            found += [content for row in rows[1:] if (content := _row(fields, row))]
    if not has_titles:
        raise NotReadable("no_title_column")
    return found[:MAX_DRAFTS]


def _add_paragraph(sections: Sections, paragraph: "Paragraph") -> None:
    text = paragraph.text.strip()
    if not text:
        return
    style = (paragraph.style.name if paragraph.style else "") or ""
    if heading := _HEADING.match(style):
        sections.heading(int(heading[1]), text)
    elif style.casefold() == "title":
        sections.heading(1, text)
    elif style.casefold().startswith("list"):
        sections.line(f"- {text}")
    else:
        sections.line(f"{text}\n")


def _row(fields: list[str], row: list[Any]) -> ArticleContent | None:
    values: dict[str, str] = {}
    for field, cell in zip(fields, row, strict=False):
        if field and (text := cell_text(cell)):
            values[field] = f"{values[field]}\n{text}" if field in values else text
    if not values.get("title"):
        return None
    kind: ArticleKind = _KINDS.get(values.get("kind", ""), "faq")
    code = values.get("code", "")
    return ArticleContent(
        title=" ".join(values["title"].split())[:MAX_TITLE_CHARS],
        body=values.get("body", ""),
        kind=kind,
        code=code if re.fullmatch(r"[0-9A-Za-z_-]{1,20}", code) else "",
        keywords=_keys(values.get("keywords", "")),
        synonyms=_keys(values.get("synonyms", "")),
        owner=values.get("owner", "")[:100],
        region=values.get("region", "")[:60],
    )


def _keys(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key.strip()[:60] for key in _SPLIT.split(text) if key.strip()))[:MAX_KEYS]


def cell_text(cell: Any) -> str:
    """Return what a cell shows."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # spreadsheets know no whole numbers
    return str(cell).strip() if cell is not None else ""


def check_size(data: bytes) -> None:
    """Raise NotReadable for an archive that would unpack to more than there is room for."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise NotReadable("unreadable") from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise NotReadable("too_large")
