"""Both engines find the same things: by words, pinyin, first letters, codes, sounds, tags."""

import gc
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hub.knowledge.search.documents import SearchDocument, SearchQuery
from hub.knowledge.search.index import POINTER, Index

ENGINES = ("whoosh", "tantivy")

ARTICLES = [
    (("fund", "住房公积金提取需要什么材料", "0101", ("公积金",)), "身份证、购房合同、银行卡。退休职工凭退休证办理。"),
    (("medical", "异地就医如何备案", "0202", ("医保", "医疗保险")), "在国家医保服务平台办理备案，次日生效。"),
    (("heating", "供暖温度不达标怎么办", "0303", ("暖气", "室温")), "室温低于十八度可以申请测温，不达标按日退费。"),
    (("permit", "居住证办理指南", "0404", ("暂住",)), "连续居住满半年，凭租房合同到派出所申领。"),
    (("secret", "敏感来电处置口径", "0909", ()), "遇到媒体来电，记录后转交值班长。"),
    (("passport", "Passport renewal", "0505", ("护照",)), "Bring the old passport and a photo."),
]
TAGS = {
    "fund": ("kind:procedure", "level:public"),
    "medical": ("kind:guide", "level:public"),
    "heating": ("kind:faq", "level:public"),
    "permit": ("kind:guide", "level:internal"),
    "secret": ("kind:policy", "level:restricted"),
    "passport": ("kind:guide", "level:public"),
}


def document(article_id: str, title: str, code: str, keys: tuple[str, ...], body: str, *tags: str) -> SearchDocument:
    return SearchDocument(
        document_id=article_id, collection="articles", title=title, code=code, keys=keys, body=body, tags=tags
    )


DOCUMENTS = [document(*head, body, *TAGS[head[0]]) for head, body in ARTICLES]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def index(engine: str, tmp_path: Path) -> Index:
    index = Index(tmp_path / "articles", engine)
    index.write(DOCUMENTS)
    return index


def ids(index: Index, text: str, **options: object) -> list[str]:
    query = SearchQuery(collection="articles", text=text, **options)  # type: ignore[arg-type]
    return [hit.document_id for hit in index.search(query).hits]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param("公积金提取", "fund", id="words"),
        pytest.param("退休职工", "fund", id="words of the body"),
        pytest.param("我想问一下外地看病住院怎么备案才能报销呢", "medical", id="a long question"),
        pytest.param("ＰＡＳＳＰＯＲＴ", "passport", id="full-width letters"),
        pytest.param("renewal of a passport", "passport", id="English words"),
        pytest.param("0303", "heating", id="a short code"),
        pytest.param("gongjijin", "fund", id="full pinyin in one piece"),
        pytest.param("gong ji jin ti qu", "fund", id="full pinyin in syllables"),
        pytest.param("gongjjintiqu", "fund", id="pinyin with a letter missing"),
        pytest.param("gjjtq", "fund", id="first letters"),
        pytest.param("ydjy", "medical", id="first letters of the beginning"),
        pytest.param("公鸡金提取", "fund", id="a homophone"),
        pytest.param("居住正半里", "permit", id="two homophones, one merged in the south"),
        pytest.param("护照", "passport", id="a keyword"),
        pytest.param("hz", "passport", id="first letters of a keyword"),
    ],
)
def test_what_is_typed_finds_the_article(index: Index, typed: str, found: str) -> None:
    assert ids(index, typed)[:1] == [found]


def test_synonyms_stand_for_words_of_the_question(index: Index) -> None:
    assert ids(index, "温控费", synonyms=("暖气",))[:1] == ["heating"]


def test_nothing_is_found_for_what_is_nowhere(index: Index) -> None:
    assert ids(index, "量子纠缠") == []
    assert ids(index, "") == []
    assert ids(index, "？？！…") == []


def test_filters_keep_only_what_has_one_tag_of_each_group(index: Index) -> None:
    assert "secret" in ids(index, "来电处置")
    assert ids(index, "来电处置", filters=(("level:public", "level:internal"),)) == []
    assert ids(index, "办理", filters=(("kind:guide",), ("level:internal",))) == ["permit"]


def test_facets_count_what_was_found(index: Index) -> None:
    query = SearchQuery(collection="articles", text="办理", facets=("kind",))
    assert index.search(query).facets == {"kind": {"procedure": 1, "guide": 2}}


def test_a_changed_article_is_found_by_its_new_words_only(index: Index) -> None:
    index.write([document("fund", "公积金贷款额度", "0101", (), "双职工家庭额度较高。")])
    assert ids(index, "贷款额度")[:1] == ["fund"]
    assert "fund" not in ids(index, "购房合同")
    assert index.count() == len(ARTICLES)


def test_a_removed_article_is_not_found(index: Index) -> None:
    index.write([], ["fund", "never-there"])
    assert "fund" not in ids(index, "公积金提取")
    assert index.count() == len(ARTICLES) - 1


def test_an_index_is_taken_up_again(engine: str, tmp_path: Path, index: Index) -> None:
    index.rebuild([DOCUMENTS])
    index.close()
    again = Index(tmp_path / "articles", engine)
    assert again.is_complete
    assert ids(again, "gjjtq")[:1] == ["fund"]


def test_another_engine_begins_anew(engine: str, tmp_path: Path, index: Index) -> None:
    index.rebuild([DOCUMENTS])
    index.close()
    other = next(name for name in ENGINES if name != engine)
    assert not Index(tmp_path / "articles", other).is_complete


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh forgets what it opened
@pytest.mark.parametrize("damage", ["pointer", "files"])
def test_a_damaged_index_is_no_reason_to_fail(engine: str, tmp_path: Path, index: Index, damage: str) -> None:
    index.rebuild([DOCUMENTS])
    index.close()
    if damage == "pointer":
        (tmp_path / "articles" / POINTER).write_bytes(b"\xff\x00 nonsense")
    else:
        for path in (tmp_path / "articles").rglob("*"):
            if path.is_file() and path.name != POINTER:
                path.write_bytes(b"nonsense")
    again = Index(tmp_path / "articles", engine)
    gc.collect()
    assert not again.is_complete
    again.rebuild([DOCUMENTS])
    assert ids(again, "gjjtq")[:1] == ["fund"]


def test_a_rebuild_serves_and_takes_changes_meanwhile(index: Index) -> None:
    arrived, may_go_on = threading.Event(), threading.Event()

    def pages() -> object:
        yield DOCUMENTS[:3]
        arrived.set()
        assert may_go_on.wait(10)
        yield DOCUMENTS[3:]

    rebuilding = threading.Thread(target=index.rebuild, args=(pages(),))
    rebuilding.start()
    assert arrived.wait(10)
    assert ids(index, "居住证")[:1] == ["permit"]  # not in the new index yet
    index.write([document("permit", "居住登记新规", "0404", (), "网上申报。")], ["secret"])  # newer than the next page
    may_go_on.set()
    rebuilding.join(10)
    assert ids(index, "网上申报")[:1] == ["permit"]
    assert "secret" not in ids(index, "来电处置")
    assert index.count() == len(ARTICLES) - 1


def test_a_rebuild_that_fails_leaves_what_was_there(index: Index) -> None:
    def pages() -> object:
        yield DOCUMENTS[:1]
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        index.rebuild(pages())  # type: ignore[arg-type]
    assert ids(index, "居住证")[:1] == ["permit"]
    index.write([document("new", "新条目", "", (), "内容")])
    assert ids(index, "新条目")[:1] == ["new"]


WRITER = """
import sys
from pathlib import Path
from hub.knowledge.search.documents import SearchDocument
from hub.knowledge.search.index import Index
index = Index(Path(sys.argv[1]), sys.argv[2])
for number in range(10_000):
    text = f"第{number}条规定的说明与办理时限"
    index.write([SearchDocument(document_id=str(number), collection="articles", title=text, code=f"c{number}")])
    print(number, flush=True)
"""


@pytest.mark.parametrize("told", [3, 17])
def test_a_writer_killed_at_any_point_loses_nothing_it_told_of(engine: str, tmp_path: Path, told: int) -> None:
    Index(tmp_path / "killed", engine).rebuild([[document("first", "第一条", "", (), "")]])
    command = [sys.executable, "-c", WRITER, str(tmp_path / "killed"), engine]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as writer:
        assert writer.stdout is not None
        done = [int(writer.stdout.readline()) for _ in range(told)]
        writer.send_signal(signal.SIGKILL)
        done += [int(line) for line in writer.stdout]
    again = Index(tmp_path / "killed", engine)
    assert again.is_complete
    assert [number for number in done if ids(again, f"c{number}")[:1] != [str(number)]] == []
    again.write([document("after", "之后写入", "", (), "")])
    assert ids(again, "之后写入")[:1] == ["after"]
