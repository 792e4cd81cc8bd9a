"""Formatted text is rebuilt from what is known; its words can be read without it."""

import pytest

from hub.conversing.rich_text import RichText


@pytest.mark.parametrize(
    ("source", "html", "text"),
    [
        ("您好<div><b>请带</b>：</div>", "您好<div><b>请带</b>：</div>", "您好\n请带："),
        ("<strong>a</strong><em>b</em>", "<b>a</b><i>b</i>", "ab"),
        ("<ol><li>a</li><li>b</li></ol>c", "<ol><li>a</li><li>b</li></ol>c", "1. a\n2. b\nc"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ('<a href="https://e.cn/?a=1&amp;b=2" onclick="x">网站</a>', '<a href="https://e.cn/?a=1&amp;b=2">网站</a>',
         "网站 <https://e.cn/?a=1&b=2>"),
        ('<a href="https://e.cn/">https://e.cn/</a>', '<a href="https://e.cn/">https://e.cn/</a>', "https://e.cn/"),
        ("1 &lt; 2 &amp; 3", "1 &lt; 2 &amp; 3", "1 < 2 & 3"),
        ("a<br>b<div><br></div><div>c</div>", "a<br>b<div><br></div><div>c</div>", "a\nb\n\nc"),
        ("<b>open", "<b>open</b>", "open"),
        ("</div></b>x", "x", "x"),
    ],
)  # fmt: skip
def test_formatting_is_kept_and_can_be_read_as_plain_text(source: str, html: str, text: str) -> None:
    rich = RichText(source)
    assert (rich.html, rich.text) == (html, text)


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<style>*{}</style>", "<svg><b>x</b></svg>",
        "<a href='javascript:alert(1)'></a>", "<a href='&#106;avascript:x'></a>", "<iframe src=x></iframe>",
        "<!-- x -->", "<form><input></form>", "<a href='https://e.cn/\"onclick=x'></a>",
    ],
)  # fmt: skip
def test_nothing_else_gets_through(source: str) -> None:
    assert RichText(source).html == ""


def test_deep_nesting_ends() -> None:
    assert len(RichText("<ul><li>" * 10_000).html) < 1_000
