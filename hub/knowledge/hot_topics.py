"""Which matters citizens bring up, what has risen since the time before, and how many complaints and bad ratings.

Counted are conversations, by when they were opened: their wrap-up codes and tags, the words that citizens wrote or
said, the articles that were used and the questions nothing was found for. A word shows only when ``FEWEST``
conversations have it, so that nobody's own name does.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from hub.figures.spans import check_span
from hub.knowledge.search.analysis import telling_words
from hub.knowledge.search.plain import has_han, normalized
from hub.quality.results import MOST_DAYS, Moment, Period, first_day
from hub.store.models import Article, ArticleUse, Conversation, Entry, Transcript, Unanswered, Utterance, WrapUpCode
from hub.transcripts.ordering import COMPLAINT_TAGS

USES: Final = ("opened", "inserted", "sent", "answered")
LOW_RATING: Final = 2  # of five
SHOWN: Final = 30
FEWEST: Final = 3
MOST_CONVERSATIONS: Final = 200_000
MOST_READ: Final = 10_000  # of each span: the newest ones, whose words are counted
CHUNK: Final = 500  # ids in one question
READ_AT_ONCE: Final = 2_000  # rows
_SMALL_TALK_zh: Final = (
    "谢谢 好的 没有 知道 现在 时候 就是 不是 然后 因为 所以 一个 已经 还是 电话 问题 人工 转人工 今天 昨天 明天"
)
_SMALL_TALK: Final = frozenset(_SMALL_TALK_zh.split())


class TopicsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of conversations opened from ``begin`` on and before ``end``; compared with as long a time before."""

    begin: Moment
    end: Moment
    per: Period = "day"


class PeriodLine(msgspec.Struct, frozen=True, kw_only=True):
    """One period; ``low`` counts ratings of at most two of five."""

    day: str
    conversations: int
    complaints: int
    rated: int
    low: int


class TopicLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A wrap-up code, word or article, in how many conversations, and in how many the time before."""

    key: str
    title: str = ""
    count: int
    before: int


class QuestionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A question nothing was found for; ``asked`` counts since it was asked first."""

    question: str
    asked: int


class HotTopics(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, the most frequent first."""

    periods: list[PeriodLine]
    before: PeriodLine
    codes: list[TopicLine]
    complaint_codes: list[TopicLine]
    words: list[TopicLine]
    articles: list[TopicLine]
    unanswered: list[QuestionLine]


@dataclass(frozen=True, slots=True)
class _Matter:
    conversation_id: str
    opened_at: datetime
    code: str
    is_complaint: bool
    rating: int | None


async def hot_topics(query: TopicsQuery, timezone: str) -> HotTopics:
    """Return the figures of at most ``MOST_DAYS`` days."""
    check_span(query.begin, query.end)
    zone = ZoneInfo(timezone)
    end = query.end
    begin = max(query.begin, end - timedelta(days=MOST_DAYS))
    earlier = begin - (end - begin)
    complaints = _complaint_codes(await WrapUpCode.all())
    now, before = await _matters(begin, end, complaints), await _matters(earlier, begin, complaints)
    codes, complaint_codes = await asyncio.to_thread(_code_lines, now, before)
    words, words_before = await _words(now), await _words(before)
    used, used_before = await _uses(begin, end), await _uses(earlier, begin)
    titles: dict[Any, Any] = dict(await Article.filter(article_id__in=list(used)).values_list("article_id", "title"))
    questions = Unanswered.filter(closed_at=None, last_at__gte=begin, last_at__lt=end)
    return HotTopics(
        periods=await asyncio.to_thread(_periods, now, zone, query.per),
        before=_period(earlier.astimezone(zone).date().isoformat(), before),
        codes=codes,
        complaint_codes=complaint_codes,
        words=_lines({word: count for word, count in words.items() if count >= FEWEST}, words_before),
        articles=_lines(used, used_before, titles),
        unanswered=[
            QuestionLine(question=row.question, asked=row.asked)
            for row in await questions.order_by("-asked", "-last_at").limit(SHOWN)
        ],
    )


def _complaint_codes(codes: Sequence[WrapUpCode]) -> set[str]:
    """Return the codes that are called complaints, and those below them."""
    by_code = {row.code: row for row in codes}

    def is_one(row: WrapUpCode | None, depth: int = 0) -> bool:
        if row is None or depth > len(by_code):
            return False
        named = any(word in text.lower() for word in COMPLAINT_TAGS for text in (row.code, *row.title.values()))
        return named or is_one(by_code.get(row.parent or ""), depth + 1)

    return {row.code for row in codes if is_one(row)}


async def _matters(begin: datetime, end: datetime, complaints: set[str]) -> list[_Matter]:
    rows = Conversation.filter(opened_at__gte=begin, opened_at__lt=end, merged_into=None).order_by("-conversation_id")
    columns = ("conversation_id", "opened_at", "wrap_up_code", "tags", "rating")
    matters: list[_Matter] = []
    while len(matters) < MOST_CONVERSATIONS:
        older = rows.filter(conversation_id__lt=matters[-1].conversation_id) if matters else rows
        found = await older.limit(READ_AT_ONCE).values_list(*columns)
        matters += [
            _Matter(
                conversation_id=conversation_id,
                opened_at=opened_at,
                code=code or "",
                is_complaint=code in complaints or not COMPLAINT_TAGS.isdisjoint(tags),
                rating=rating,
            )
            for conversation_id, opened_at, code, tags, rating in found
        ]
        if len(found) < READ_AT_ONCE:
            break
    return matters


def _periods(matters: Iterable[_Matter], zone: ZoneInfo, per: Period) -> list[PeriodLine]:
    by_day: dict[str, list[_Matter]] = {}
    for one in matters:
        by_day.setdefault(first_day(one.opened_at.astimezone(zone).date(), per).isoformat(), []).append(one)
    return [_period(day, found) for day, found in sorted(by_day.items())]


def _period(day: str, matters: Sequence[_Matter]) -> PeriodLine:
    ratings = [one.rating for one in matters if one.rating is not None]
    return PeriodLine(
        day=day,
        conversations=len(matters),
        complaints=sum(one.is_complaint for one in matters),
        rated=len(ratings),
        low=sum(rating <= LOW_RATING for rating in ratings),
    )


def _code_lines(now: Sequence[_Matter], before: Sequence[_Matter]) -> tuple[list[TopicLine], list[TopicLine]]:
    """Return the codes of all conversations, and those of complaints."""
    return (
        _lines(_codes(now), _codes(before)),
        _lines(_codes(now, only_complaints=True), _codes(before, only_complaints=True)),
    )


def _codes(matters: Iterable[_Matter], *, only_complaints: bool = False) -> Counter[str]:
    return Counter(one.code for one in matters if one.code and (one.is_complaint or not only_complaints))


async def _uses(begin: datetime, end: datetime) -> Counter[str]:
    """Return in how many conversations each article was used; all uses outside of one count once together."""
    rows = ArticleUse.filter(at__gte=begin, at__lt=end, action__in=USES).order_by("-use_id").limit(READ_AT_ONCE)
    used: set[tuple[Any, Any]] = set()
    last = ""
    for _ in range(MOST_CONVERSATIONS // READ_AT_ONCE):
        older = rows.filter(use_id__lt=last) if last else rows
        found = await older.values_list("use_id", "article_id", "conversation_id")
        used.update((article_id, conversation_id) for _use_id, article_id, conversation_id in found)
        if len(found) < READ_AT_ONCE:
            break
        last = found[-1][0]
    return Counter(article_id for article_id, _ in used)


async def _words(matters: Sequence[_Matter]) -> Counter[str]:
    """Return in how many conversations citizens used each word."""
    counts: Counter[str] = Counter()
    ids = [one.conversation_id for one in matters[:MOST_READ]]
    for at in range(0, len(ids), CHUNK):
        chunk = ids[at : at + CHUNK]
        texts: dict[str, list[str]] = {}
        written = Entry.filter(conversation_id__in=chunk, kind="message", author_kind="contact").exclude(text="")
        for conversation_id, text in await written.values_list("conversation_id", "text"):
            texts.setdefault(conversation_id, []).append(text)
        heard: dict[Any, Any] = dict(
            await Transcript.filter(conversation_id__in=chunk).values_list("transcript_id", "conversation_id")
        )
        said = Utterance.filter(transcript_id__in=list(heard), channel=0)
        for transcript_id, text, corrected in await said.values_list("transcript_id", "text", "corrected"):
            texts.setdefault(heard[transcript_id], []).append(corrected or text)
        counts.update(await asyncio.to_thread(_counted, list(texts.values())))
    return counts


def _counted(texts: Iterable[Sequence[str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for parts in texts:
        counts.update({word for part in parts for word in telling_words(normalized(part)) if _says_something(word)})
    return counts


def _says_something(word: str) -> bool:
    return len(word) > 1 and word not in _SMALL_TALK and (has_han(word) or (word.isalpha() and len(word) > 2))


def _lines(
    counts: Mapping[str, int], before: Mapping[str, int], titles: Mapping[str, str] | None = None
) -> list[TopicLine]:
    best = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
    return [
        TopicLine(key=key, title=(titles or {}).get(key, ""), count=count, before=before.get(key, 0))
        for key, count in best
    ]
