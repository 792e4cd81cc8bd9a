"""Makes the HTML of a mail fit to be shown, and readable as plain text."""

import html
import re
from html.parser import HTMLParser
from typing import Final

import nh3

MAX_HTML: Final = 2_000_000  # characters; what is longer is cut, the original has it all
MAX_DEPTH: Final = 500  # of elements inside each other
MAX_FOR_TEXT: Final = 500_000
_TAGS: Final = nh3.ALLOWED_TAGS | {"font", "center", "u", "s"}
_STYLES: Final = {
    *("color", "background-color", "font", "font-family", "font-size", "font-style", "font-weight", "line-height"),
    *("text-align", "text-decoration", "text-indent", "letter-spacing", "vertical-align", "white-space", "word-break"),
    *("margin", "margin-top", "margin-bottom", "margin-left", "margin-right"),
    *("padding", "padding-top", "padding-bottom", "padding-left", "padding-right"),
    *("border", "border-top", "border-bottom", "border-left", "border-right", "border-color", "border-style"),
    *("border-collapse", "border-spacing", "border-width", "width", "height", "max-width", "list-style-type"),
}
_COMMON: Final = {"style", "dir", "lang", "title", "align"}
_BOXES: Final = {"width", "height", "bgcolor", "valign", "border"}
_ATTRIBUTES: Final = {
    "*": _COMMON,
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "table": _BOXES | {"cellpadding", "cellspacing"},
    "td": _BOXES | {"colspan", "rowspan"},
    "th": _BOXES | {"colspan", "rowspan"},
    "tr": _BOXES,
    "ol": {"start"},
}
_REPLY_TAGS: Final = {"div", "br", "b", "i", "u", "ul", "ol", "li", "a"}
_REMOTE: Final = re.compile(r"(?i)^\s*(?:https?:)?//")
_URL: Final = re.compile(r"(?i)url\s*\(|expression|@import|\\")
_BLOCKS: Final = {
    *("p", "div", "br", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("blockquote", "pre", "hr", "section", "article", "dd", "dt"),
}
_TAG: Final = re.compile(r"<[^<>]{0,2000}>")
_TAG_NAME: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_VOID: Final = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "embed", "source"})
_BLANKS: Final = re.compile(r"[ \t\u00a0]+")
_EMPTY_LINES: Final = re.compile(r"\n(?:[ \t]*\n){2,}")


class Page:
    """What is left of a mail's HTML; remote pictures stay in it, and are the viewer's to block."""

    def __init__(self, source: str) -> None:
        self.has_remote_images = False
        self.content_ids: set[str] = set()
        if _depth(source[:MAX_HTML]) > MAX_DEPTH:  # building such a tree takes the square of its depth
            source = html.escape(_TAG.sub(" ", source[:MAX_HTML]))
        self.html = nh3.clean(
            source[:MAX_HTML],
            tags=_TAGS,
            clean_content_tags={"script", "style", "title", "noscript", "template", "iframe", "object", "xml"},
            attributes=_ATTRIBUTES,
            attribute_filter=self._attribute,
            url_schemes={"http", "https", "mailto", "tel", "cid"},
            filter_style_properties=_STYLES,
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            if value.lower().startswith("cid:"):
                self.content_ids.add(value[4:])
                return "cid:" + value[4:]
            if not _REMOTE.match(value):
                return None
            self.has_remote_images = True
        if name == "style" and _URL.search(value):
            return None
        return value

    def text(self) -> str:
        """Return it as plain text, quoted blocks with ``>`` before each line."""
        reader = _Reader()
        reader.feed(self.html[:MAX_FOR_TEXT])
        reader.close()
        return reader.text()


def clean_reply(source: str) -> str:
    """Return what an agent formatted, with nothing in it but what the desk's editor makes."""
    return nh3.clean(
        source,
        tags=_REPLY_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )


def place_pictures(page: str, media_ids: dict[str, str]) -> str:
    """Return clean HTML with each picture of ``media_ids`` (by its Content-ID) named ``media:<id>``."""
    for content_id, media_id in media_ids.items():
        page = page.replace(f'src="cid:{html.escape(content_id)}"', f'src="media:{media_id}"')
    return page


def _depth(source: str) -> int:
    """Return how deep elements lie inside each other at most, as far as their tags say it."""
    depth = deepest = 0
    for match in _TAG_NAME.finditer(source):
        if match[1]:
            depth = max(0, depth - 1)
        elif match[2].lower() not in _VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


class _Reader(HTMLParser):
    """Collects the words of clean HTML line by line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._preformatted = 0
        self._link = ""
        self._linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS and (tag in ("br", "hr") or self._line):
            self._end_line()
        if tag == "li":
            self._line.append("• ")
        elif tag in ("td", "th") and self._line:
            self._line.append("  ")
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "a":
            self._link, self._linked = dict(attrs).get("href") or "", []

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS and tag not in ("br", "hr") and self._line:
            self._end_line()
        if tag in ("p", "table", "ul", "ol", "h1", "h2", "h3") and self._lines and self._lines[-1]:
            self._lines.append("> " * self._quotes)
        if tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        elif tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag == "a":
            self._end_link()

    def handle_data(self, data: str) -> None:
        if self._preformatted:
            first, *others = data.split("\n")
            self._line.append(first)
            for line in others:
                self._end_line()
                self._line.append(line)
            return
        words = _BLANKS.sub(" ", data.replace("\r", " ").replace("\n", " "))
        if words.strip() or self._line:
            self._line.append(words if self._line else words.lstrip())
            if self._link:
                self._linked.append(words)

    def text(self) -> str:
        """Return everything read."""
        if self._line:
            self._end_line()
        return _EMPTY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in self._lines)).strip()

    def _end_line(self) -> None:
        self._lines.append("> " * self._quotes + "".join(self._line).strip(" "))
        self._line = []

    def _end_link(self) -> None:
        shown = "".join(self._linked).strip()
        if _REMOTE.match(self._link) and shown and self._link.split("//", 1)[-1].rstrip("/") not in shown:
            self._line.append(f" <{self._link[:300]}>")
        self._link = ""
