"""Reads Markdown, plain text and HTML."""

import re
from html.parser import HTMLParser
from typing import Final

from hub.knowledge.importing.drafts import Section, Sections, contents_of
from hub.knowledge.views import ArticleContent

_HEADING: Final = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_IGNORED: Final = frozenset({"script", "style", "head", "nav", "template", "noscript"})
_BREAKS: Final = frozenset({"p", "div", "li", "tr", "br", "table", "ul", "ol", "section", "article", "blockquote"})
_ENCODINGS: Final = ("utf-8-sig", "gb18030")  # what Chinese offices have their old files in


def read_markdown(data: bytes, name: str) -> list[ArticleContent]:
    """Return one article for each heading of the first two levels."""
    sections = Sections()
    for line in decoded(data).splitlines():
        if heading := _HEADING.match(line):
            sections.heading(len(heading[1]), heading[2])
        else:
            sections.line(line)
    return contents_of(sections.all(), name)


def read_html(data: bytes, name: str) -> list[ArticleContent]:
    """Return the page's articles; scripts, styles and navigation are left out."""
    reader = _HtmlReader()
    reader.feed(decoded(data))
    reader.close()
    return contents_of(reader.finish(), reader.title or name)


def decoded(data: bytes) -> str:
    """Return ``data`` as text, in UTF-8 or else in GB 18030."""
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")


class _HtmlReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._sections = Sections()
        self._text: list[str] = []
        self._skipped = 0
        self._heading = 0
        self._is_item = False
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        elif tag in _IGNORED:
            self._skipped += 1
        elif re.fullmatch(r"h[1-6]", tag):
            self._end_line()
            self._heading = int(tag[1])
        elif tag in _BREAKS:
            self._end_line()
            self._is_item = tag == "li"

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in _IGNORED:
            self._skipped = max(0, self._skipped - 1)
        elif tag in _BREAKS or re.fullmatch(r"h[1-6]", tag):
            self._end_line()
        elif tag in {"td", "th"}:
            self._text.append(" ")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += " ".join(data.split())
        elif not self._skipped:
            self._text.append(data)

    def finish(self) -> list[Section]:
        """Return the sections."""
        self._end_line()
        return self._sections.all()

    def _end_line(self) -> None:
        text = " ".join("".join(self._text).split())
        self._text.clear()
        level, self._heading = self._heading, 0
        is_item, self._is_item = self._is_item, False
        if not text:
            return
        if level:
            self._sections.heading(level, text)
        else:
            self._sections.line(f"- {text}" if is_item else f"{text}\n")
