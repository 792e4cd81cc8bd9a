"""What was read from a file: an article in the making, or why there is none."""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from hub.knowledge.views import ArticleContent

MAX_DRAFTS: Final = 2_000  # of one file
MAX_TITLE_CHARS: Final = 200

Problem = Literal["empty", "too_large", "too_slow", "unreadable", "unsupported", "no_title_column", "not_found"]


class Section(msgspec.Struct, frozen=True):
    """A title and the Markdown under it."""

    title: str
    body: str


class NotReadable(Exception):
    """A file that gives no article; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


Reader = Callable[[bytes, str], list[ArticleContent]]  # (data, name without its ending)


def contents_of(sections: list[Section], name: str) -> list[ArticleContent]:
    """Return sections as articles; text before the first title goes by the file's ``name``."""
    return [
        ArticleContent(title=(section.title or name)[:MAX_TITLE_CHARS], body=section.body.strip())
        for section in sections
        if section.title or section.body.strip()
    ][:MAX_DRAFTS]


class Sections:
    """Gathers lines under the titles of the first two levels."""

    def __init__(self) -> None:
        self._sections: list[tuple[str, list[str]]] = [("", [])]

    def heading(self, level: int, text: str) -> None:
        """Begin an article at the first two levels, a heading inside it below."""
        if level <= 2:
            self._sections.append((text, []))
        else:
            self.line(f"{'#' * min(level, 6)} {text}")

    def line(self, text: str) -> None:
        """Add a line of Markdown."""
        self._sections[-1][1].append(text)

    def all(self) -> list[Section]:
        """Return what was gathered; a title with nothing under it leads to what follows it."""
        gathered = [Section(title, "\n".join(lines).strip()) for title, lines in self._sections]
        return [section for section in gathered if section.body]
