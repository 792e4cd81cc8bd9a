"""What stands in the files of articles is found, under the article and by the file's name; no file does harm."""

import asyncio
import sys
from functools import partial

import pytest

from hub.knowledge.files import reader
from hub.knowledge.files.extraction import text_of
from hub.knowledge.files.keeping import ArticleFiles
from hub.knowledge.files.reader import Reading, read_text
from hub.knowledge.finding import FoundArticle, Wanted
from hub.knowledge.importing.drafts import NotReadable
from hub.knowledge.knowledge import Knowledge
from hub.knowledge.marks import Part
from hub.knowledge.search.documents import Hit
from hub.knowledge.search.passages import PASSAGE_CHARS, count_passages, passage_id, passage_of, passages
from hub.knowledge.search.ranking import best_of_each
from hub.knowledge.views import ArticleContent, ArticleFile
from hub.store.models import FileText
from tests.hub.knowledge.conftest import AGENT, EDITOR, eventually, published
from tests.hub.knowledge.office_files import bomb, numbers, pdf, sheet, word
from tests.hub.support.house import House

WORD_TEXT = "异地就医\n先备案。\n\n- 身份证\n- 电话 | 12393\n医保余额\n在 App 查询。"
RULES = pdf("高龄津贴申领须", "知与材料清单。", "第二条")


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        pytest.param(word(), "说明.docx", WORD_TEXT, id="Word"),
        pytest.param(sheet(("窗口", "电话"), ("社保", "12333")), "电话.XLSX", "窗口 电话\n社保 12333", id="Excel"),
        pytest.param(numbers(), "电话.xlsx", "社保 12333", id="a number"),
        pytest.param(RULES, "a.pdf", "高龄津贴申领须知与材料清单。\n第二条", id="PDF"),
        pytest.param("<nav>首页</nav><p>满半年可申领</p>".encode(), "a.html", "满半年可申领", id="HTML"),
        pytest.param("街道,电话\r\n西湖,8765".encode("gb18030"), "a.csv", "街道,电话\n西湖,8765", id="GB 18030"),
        pytest.param(b"a\x0bb\xef\xbf\xbf", "a.txt", "ab", id="characters that are none"),
        pytest.param("长".encode() * 200_000, "a.txt", "长" * 100_000, id="a very long one"),
    ],
)
def test_text_is_taken_out_of_files_of_every_kind(data: bytes, name: str, text: str) -> None:
    assert text_of(data, name).strip() == text


@pytest.mark.parametrize(
    ("data", "name", "problem"),
    [
        pytest.param(b"%PDF-1.7 and nothing", "a.pdf", "unreadable", id="half a PDF"),
        pytest.param(b"PK\x03\x04 broken", "a.docx", "unreadable", id="half a Word file"),
        pytest.param(bomb(), "a.xlsx", "too_large", id="a small file that unpacks to gigabytes"),
        pytest.param(b"\0\1\2", "a.txt", "unreadable", id="no text"),
        pytest.param(b"MZ", "a.exe", "unsupported", id="a program"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, name: str, problem: str) -> None:
    with pytest.raises(NotReadable) as refused:
        text_of(data, name)
    assert refused.value.problem == problem


async def test_each_file_is_read_in_a_process_of_its_own() -> None:
    assert await read_text("九点开门".encode(), "a\n.txt") == Reading(text="九点开门")
    assert await read_text(b"MZ", "a.exe") == Reading(problem="unsupported")


@pytest.mark.parametrize(
    ("program", "within_s", "problem"),
    [
        pytest.param("os.abort()", 60.0, "unreadable", id="it crashes"),
        pytest.param("time.sleep(3600)", 0.1, "too_slow", id="it hangs"),
        pytest.param("os.kill(os.getpid(), signal.SIGXCPU)", 60.0, "too_slow", id="it takes too much CPU"),
    ],
)
async def test_a_file_that_harms_its_reader_harms_nothing_else(
    program: str, within_s: float, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "COMMAND", (sys.executable, "-S", "-c", f"import os, signal, time; {program}"))
    monkeypatch.setattr(reader, "READ_S", within_s)
    assert (await read_text(b"x", "a.txt")).problem == problem


def test_a_long_text_is_cut_into_passages_that_share_their_borders() -> None:
    text = "".join(chr(0x4E00 + at % 5_000) for at in range(PASSAGE_CHARS + 10))
    first, second = passages(text)
    assert text[PASSAGE_CHARS - 5 : PASSAGE_CHARS + 5] in first
    assert second == text[PASSAGE_CHARS:]
    assert [count_passages(size) for size in (0, 1, PASSAGE_CHARS, PASSAGE_CHARS + 1)] == [0, 1, 1, 2]
    assert passages("") == []


def test_a_passage_is_known_by_its_id() -> None:
    assert passage_of(passage_id("0190-f", 12)) == ("0190-f", 12)
    assert passage_of("0190-f") is None


def test_an_article_and_its_files_are_found_once() -> None:
    hits = [
        Hit(document_id=one, score=score, matched="", group=group)
        for one, score, group in (("f.1", 3.0, "a"), ("b", 2.0, ""), ("a", 1.0, ""), ("f.0", 0.5, "a"))
    ]
    assert [hit.document_id for hit in best_of_each(hits)] == ["f.1", "b"]


async def test_an_article_is_found_by_what_stands_in_its_file(library: House, knowledge: Knowledge) -> None:
    data = pdf("高龄津贴发放标准", "百岁老人每月三百元")
    file = await library.services.media.keep(
        data, mime="application/pdf", name="标准.pdf", instance="", uploader_id=EDITOR.user_id
    )
    attached = ArticleFile(media_id=file.media_id, name="标准.pdf")
    article = await published(knowledge, "老年人优待", "详见附件。", level="public", attachments=(attached,))
    article_id = article.row.article_id

    async def in_file(text: str) -> FoundArticle | None:
        found = await knowledge.finder.find(AGENT, Wanted(text=text, has_files=True))
        return next((one for one in found.items if one.article.article_id == article_id and one.file), None)

    async def is_found(text: str, *, wanted: bool = True) -> bool:
        return (await in_file(text) is not None) == wanted

    await eventually(partial(is_found, "百岁老人"))
    found = await in_file("百岁老人")
    assert found is not None
    assert (found.reason, found.file) == ("file", attached)
    assert Part("百岁老人", True) in found.snippet
    plain = await knowledge.finder.find(AGENT, Wanted(text="百岁老人"))
    assert [one.file for one in plain.items if one.file] == [], "citizens are told what stands in articles alone"

    await eventually(partial(is_found, "标准.pdf"))
    content = ArticleContent(title="老年人优待", body="详见附件。", level="restricted", attachments=(attached,))
    await knowledge.articles.save(EDITOR, article_id, content, base=1, note="", remote="")
    await knowledge.articles.publish(EDITOR, article_id)
    await eventually(partial(is_found, "百岁老人", wanted=False))
    content = ArticleContent(title="老年人优待", attachments=(attached,))
    await knowledge.articles.save(EDITOR, article_id, content, base=2, note="", remote="")
    await knowledge.articles.publish(EDITOR, article_id)
    await eventually(partial(is_found, "百岁老人"))
    await knowledge.articles.retire(EDITOR, article_id, remote="")
    await eventually(partial(is_found, "百岁老人", wanted=False))


async def test_files_are_read_of_articles_published_before_and_a_damaged_one_holds_up_no_other(house: House) -> None:
    files = [
        await house.services.media.keep(
            text.encode(), mime="text/plain", name=f"{text}.txt", instance="", uploader_id=EDITOR.user_id
        )
        for text in ("甲", "乙")
    ]
    attached = tuple(ArticleFile(media_id=one.media_id, name=one.name) for one in files)
    knowledge = house.services.knowledge
    article_id = (await published(knowledge, "服务大厅", attachments=attached)).row.article_id
    rows = FileText.filter(article_id=article_id)

    async def are_read(*states: str) -> bool:
        return tuple([row.state async for row in rows.order_by("media_id")]) == states

    await eventually(partial(are_read, "read", "read"))
    await rows.delete()
    stored, _ = await house.services.media.find(min(one.media_id for one in files))
    whole = stored.path.read_bytes()
    stored.path.unlink()
    stored.path.mkdir()
    after_restart = ArticleFiles(knowledge.files._units, house.services.media, knowledge.categories)
    running = asyncio.create_task(after_restart.run())
    await eventually(partial(are_read, "failed", "read"))
    stored.path.rmdir()
    stored.path.write_bytes(whole)
    await knowledge.articles.publish(EDITOR, article_id)
    await eventually(partial(are_read, "read", "read"))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_editors_are_told_which_files_cannot_be_read(house: House) -> None:
    knowledge = house.services.knowledge
    kept = await house.services.media.keep(
        b"no picture", mime="image/jpeg", name="照片.jpg", instance="", uploader_id=EDITOR.user_id
    )
    attached = ArticleFile(media_id=kept.media_id, name="照片.jpg")
    article_id = (await published(knowledge, "服务大厅", attachments=(attached,))).row.article_id

    async def is_told() -> bool:
        return (await knowledge.articles.read(EDITOR, article_id)).file_problems == {kept.media_id: "unsupported"}

    await eventually(is_told)
    assert (await knowledge.articles.read(AGENT, article_id)).file_problems == {}
