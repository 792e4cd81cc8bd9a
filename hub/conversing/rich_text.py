"""Formatted text that agents write: rebuilt from the few elements that are known, so that nothing else gets through."""

import html
import re
from html.parser import HTMLParser
from typing import Final

MAX_DEPTH: Final = 20
_MARKS: Final = {"b": "b", "strong": "b", "i": "i", "em": "i", "u": "u"}
_LISTS: Final = frozenset({"ul", "ol"})
_BLOCKS: Final = frozenset({"div", "p"})
_HIDDEN: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math"}
)
_LINK: Final = re.compile(r"(?i)(?:https?://|mailto:|tel:)[^\s<>\"']{1,2000}")
_SCHEME: Final = re.compile(r"(?i)^(?:https?://|mailto:|tel:)")


class RichText(HTMLParser):
    """What is left of ``source``: ``html`` with paragraphs, line ends, marks, lists and links, and ``text`` for all."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self._html: list[str] = []
        self._text: list[str] = []
        self._open: list[str] = []
        self._links: list[str] = []
        self._counts: list[int] = []  # of the items of each open list; -1: without numbers
        self._hidden = 0
        self.feed(source)
        self.close()
        while self._open:
            self._end(self._open[-1])
        self.html = "".join(self._html)
        lines = re.sub(r"(?<![ \t\u00a0])[ \t\u00a0]+\n", "\n", "".join(self._text))
        self.text = re.sub(r"\n{3,}", "\n\n", lines).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open what is known; a link only where it leads outside."""
        if tag in _HIDDEN:
            self._hidden += 1
        elif self._hidden or (tag != "br" and len(self._open) >= MAX_DEPTH):
            return
        elif tag == "br":
            self._html.append("<br>")
            self._text.append("\n")
        elif tag in _MARKS:
            self._begin(_MARKS[tag])
        elif tag in _LISTS:
            self._new_line()
            self._counts.append(0 if tag == "ol" else -1)
            self._begin(tag)
        elif tag == "li" and self._counts:
            self._new_line()
            self._text.append("  " * (len(self._counts) - 1) + self._bullet())
            self._begin("li")
        elif tag in _BLOCKS:
            self._new_line()
            self._begin("div")
        elif tag == "a" and (found := _LINK.fullmatch((dict(attrs).get("href") or "").strip())):
            self._links.append(found[0])
            self._begin("a", f' href="{html.escape(found[0])}"')

    def handle_endtag(self, tag: str) -> None:
        """Close what is open, and whatever was left open inside it."""
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        name = "div" if tag in _BLOCKS else _MARKS.get(tag, tag)
        if not self._hidden and name in self._open:
            while self._open[-1] != name:
                self._end(self._open[-1])
            self._end(name)

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        if not self._hidden:
            self._html.append(html.escape(data, quote=False))
            self._text.append(re.sub(r"[\r\n]+", " ", data))

    def _begin(self, name: str, attributes: str = "") -> None:
        self._open.append(name)
        self._html.append(f"<{name}{attributes}>")

    def _end(self, name: str) -> None:
        self._open.pop()
        self._html.append(f"</{name}>")
        if name == "a":
            target = self._links.pop()
            if _SCHEME.sub("", target).rstrip("/") not in "".join(self._text[-3:]):
                self._text.append(f" <{target}>")
        elif name in _LISTS:
            self._counts.pop()
            self._new_line()
        elif name in ("div", "li"):
            self._new_line()

    def _bullet(self) -> str:
        if self._counts[-1] < 0:
            return "- "
        self._counts[-1] += 1
        return f"{self._counts[-1]}. "

    def _new_line(self) -> None:
        if self._text and not self._text[-1].endswith("\n"):
            self._text.append("\n")
