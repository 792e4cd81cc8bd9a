"""Search in the knowledge base, side by side in one run: our search over Whoosh and tantivy, and SQLite's FTS5.

``python benchmarks/knowledge.py FILE [--scale N]``: FILE holds entries with ``title``, ``question``, ``answer`` and
``category``, one JSON object a line, gzip allowed. Known-item search: the query ``long`` is an entry's question in its
asker's own words, the entry is its title and answer. The other queries are made from titles with a fixed seed: ``span``
eight characters that stand in one title only, ``pinyin`` and ``initials`` how those are spelt, ``homophone`` with two
characters replaced by others that sound the same (and again without the field of sounds), ``pinyin typo`` with a letter
lost or added, ``code`` a short code. FTS5 gets the same words of the same dictionary, title and answer, and BM25.

With ``--scale`` entries are added whose answers are sentences of real ones in other orders, under titles put together
from two real ones: relevance among them says little, cost does.

The last thing each engine is asked runs as in the service: entries are published on a bus five times a second, the
search process' own service follows them, and how long a change takes to be found includes the bus and the gathering of
writes. What was asked for is said at the end, with what came of it.
"""

import argparse
import asyncio
import gzip
import json
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.bus import Bus, BusSettings
from core.events import ArticleChanged, ArticleView
from core.ids import new_id
from core.streams import STREAMS
from core.subjects import ASK_HITS
from core.testing.nats import NatsServer
from hub.knowledge.search import planning
from hub.knowledge.search.analysis import syllables, telling_words, words
from hub.knowledge.search.documents import SearchAnswer, SearchDocument, SearchQuery
from hub.knowledge.search.index import Index
from hub.knowledge.search.plain import HAN_RUN, normalized
from hub.knowledge.search.service import BUILD_DOCUMENTS, SearchService

SEED = 20_261_122
QUERIES = 300
EDITS = 30
FIRST_ENTRIES, MANY_ENTRIES = 7_266, 100_000  # what each target is about
AGAIN_S: Final = 0.01  # until a change that is waited for is asked for again

Sets = dict[str, list[tuple[str, str]]]  # name → (query, id of the entry)
Find = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one set: recall at 1 and 10, mean reciprocal rank, milliseconds of CPU by query."""

    recall_1: float
    recall_10: float
    mrr: float
    p50_ms: float
    p99_ms: float

    def __str__(self) -> str:
        return (
            f"R@1 {self.recall_1:.3f}  R@10 {self.recall_10:.3f}  MRR {self.mrr:.3f}  "
            f"CPU ms p50 {self.p50_ms:7.2f}  p99 {self.p99_ms:7.2f}"
        )


Results = dict[str, Result]  # by set


def read(path: Path) -> list[dict[str, Any]]:
    """Return the entries of ``path``."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.splitlines()]


def scaled(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return ``rows`` and further ones made of their sentences, ``count`` in all."""
    chance = random.Random(SEED)
    sentences = [part for row in rows for part in re.split(r"(?<=[。！？])", row["answer"]) if len(part) > 4]
    made = []
    for number in range(len(rows), count):
        one, other = chance.choice(rows)["title"], chance.choice(rows)["title"]
        answer = "".join(chance.sample(sentences, chance.randint(3, 6)))
        made.append({"id": f"x{number}", "title": one[: len(one) // 2] + other[len(other) // 2 :], "answer": answer})
    return rows + made


def query_sets(rows: list[dict[str, Any]]) -> Sets:
    """Return the queries, the same ones at every run."""
    chance = random.Random(SEED)
    every_title = "\n".join(row["title"] for row in rows)
    spans: list[tuple[str, str]] = []
    while len(spans) < QUERIES:
        row = chance.choice(rows)
        runs = [run for run in HAN_RUN.findall(row["title"]) if len(run) >= 8]
        if runs:
            run = chance.choice(runs)
            at = chance.randrange(len(run) - 7)
            if every_title.count(run[at : at + 8]) == 1:
                spans.append((run[at : at + 8], str(row["id"])))
    spelt = [("".join(syllables(span)), entry) for span, entry in spans]
    alike = _homophones(rows)
    long_rows = chance.sample([row for row in rows if len(row["question"]) > 20], QUERIES)
    return {
        "long": [(row["question"], str(row["id"])) for row in long_rows],
        "span": spans,
        "pinyin": spelt,
        "initials": [("".join(one[0] for one in syllables(span)), entry) for span, entry in spans],
        "homophone": [(_misheard(span, alike, chance), entry) for span, entry in spans],
        "pinyin typo": [(_mistyped(text, chance), entry) for text, entry in spelt],
        "code": [(f"c{entry}", entry) for _, entry in spans],
    }


def _homophones(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    alike: dict[str, list[str]] = defaultdict(list)
    for char in sorted({char for row in rows for run in HAN_RUN.findall(row["title"]) for char in run}):
        alike[syllables(char)[0]].append(char)
    return alike


def _misheard(span: str, alike: dict[str, list[str]], chance: random.Random) -> str:
    chars = list(span)
    for at in chance.sample(range(len(chars)), 2):
        others = [char for char in alike[syllables(chars[at])[0]] if char != chars[at]]
        chars[at] = chance.choice(others) if others else chars[at]
    return "".join(chars)


def _mistyped(text: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(text) - 1)
    return text[:at] + text[at + 1 :] if chance.random() < 0.5 else text[:at] + chance.choice("aeinghou") + text[at:]


def documents(rows: list[dict[str, Any]]) -> list[SearchDocument]:
    """Return ``rows`` as the hub indexes articles."""
    return [
        SearchDocument(
            document_id=str(row["id"]),
            collection="articles",
            title=row["title"],
            code=f"c{row['id']}",
            body=row["answer"],
            tags=("level:public",),
        )
        for row in rows
    ]


def pages(entries: Sequence[SearchDocument]) -> Iterator[Sequence[SearchDocument]]:
    """Yield ``entries`` as the service writes them in a rebuild; how far it is stands on the terminal."""
    for at in range(0, len(entries), BUILD_DOCUMENTS):
        if sys.stderr.isatty():
            print(f"\r{at:,} of {len(entries):,}", end="\r", file=sys.stderr, flush=True)
        yield entries[at : at + BUILD_DOCUMENTS]


def measure(find: Find, sets: Sets) -> Results:
    """Return what came of each set, and print it."""
    results = {}
    for name, queries in sets.items():
        ranks, costs = [], []
        for query, wanted in queries:
            began = time.thread_time()
            found = find(query)[:10]
            costs.append((time.thread_time() - began) * 1000)
            ranks.append(found.index(wanted) + 1 if wanted in found else 0)
        costs.sort()
        hits = [rank for rank in ranks if rank]
        results[name] = Result(
            recall_1=sum(rank == 1 for rank in ranks) / len(ranks),
            recall_10=len(hits) / len(ranks),
            mrr=sum(1 / rank for rank in hits) / len(ranks),
            p50_ms=costs[len(costs) // 2],
            p99_ms=costs[int(len(costs) * 0.99)],
        )
        print(f"  {name:<20} {results[name]}")
    return results


def try_engine(name: str, rows: list[dict[str, Any]], sets: Sets, folder: Path) -> tuple[Results, float]:
    """Print what our search over one engine does; return it, and how long a change took to be found at most."""
    place = folder / name / "articles"
    index = Index(place, name)
    began, cpu = time.monotonic(), time.process_time()
    index.rebuild(pages(documents(rows)))
    print(f"{name}: {index.count()} documents, built in {time.process_time() - cpu:.1f} s CPU, ", end="")
    print(f"{time.monotonic() - began:.1f} s; {size_mb(place):.1f} MB")

    def find(text: str) -> list[str]:
        answer = index.search(SearchQuery(collection="articles", text=text, limit=10))
        return [hit.document_id for hit in answer.hits]

    results = measure(find, sets)
    weight, planning.SOUND = planning.SOUND, 0.0
    results |= measure(find, {"homophone no sounds": sets["homophone"]})
    planning.SOUND = weight
    results |= _while_indexing(index, find, sets)
    index.close()
    Index(folder / name / "records", name).rebuild([])
    took = asyncio.run(_edits(name, folder))
    print(f"  change to found      ms p50 {took[len(took) // 2]:.0f}  max {took[-1]:.0f}, in the service")
    return results, took[-1]


def _while_indexing(index: Index, find: Find, sets: Sets) -> Results:
    """Search while entries are changed without a pause."""
    stopping = threading.Event()

    def write() -> None:
        number = 0
        while not stopping.wait(0.2):
            number += 1
            one = SearchDocument(document_id=f"u{number % 50}", collection="articles", title=f"改动{number}")
            index.write([one])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return measure(find, {f"{name}, indexing": sets[name] for name in ("span", "long")})
    finally:
        stopping.set()
        writer.join()


async def _edits(engine: str, folder: Path) -> list[float]:
    """Return how many milliseconds each of some edits took to be found, shortest first, while others are made."""
    bus_folder = folder / f"{engine}-bus"
    bus_folder.mkdir()
    server = NatsServer(bus_folder)
    server.start()
    try:
        async with await Bus.connect(BusSettings(url=server.url), source="hub") as bus:
            await bus.ensure(streams=STREAMS)
            ready = asyncio.Event()
            service = asyncio.create_task(SearchService(bus, folder / engine, engine).run(ready.set))
            await ready.wait()
            others = asyncio.create_task(_edit_without_end(bus))
            took = sorted([await _edit(bus, number) for number in range(EDITS)])
            for task in (others, service):
                task.cancel()
            await asyncio.gather(others, service, return_exceptions=True)
            return took
    finally:
        server.stop()


async def _edit(bus: Bus, number: int) -> float:
    code = f"edit{number}"
    began = time.monotonic()
    await _publish(bus, code, f"第{number}次修改之后的新标题", code)
    query = SearchQuery(collection="articles", text=code, limit=1)
    async with asyncio.timeout(60):
        while True:
            answer = await bus.request(ASK_HITS, query, reply=SearchAnswer, timeout_s=10)
            if [hit.document_id for hit in answer.hits] == [code]:
                return (time.monotonic() - began) * 1000
            await asyncio.sleep(AGAIN_S)


async def _edit_without_end(bus: Bus) -> None:
    number = 0
    while True:
        number += 1
        await _publish(bus, f"other{number % 50}", f"改动{number}")
        await asyncio.sleep(0.2)


async def _publish(bus: Bus, article_id: str, title: str, code: str = "") -> None:
    article = ArticleView(article_id=article_id, is_published=True, title=title, code=code, level="public")
    await bus.publish(ArticleChanged(article=article), article_id, msg_id=new_id())


def try_fts5(rows: list[dict[str, Any]], sets: Sets, folder: Path) -> Results:
    """Print what FTS5 does with the same words."""
    path = folder / "fts5.db"
    cpu = time.process_time()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIRTUAL TABLE entry USING fts5(id UNINDEXED, title, body)")
        texts = [
            (str(row["id"]), " ".join(words(normalized(row["title"]))), " ".join(words(normalized(row["answer"]))))
            for row in rows
        ]
        connection.executemany("INSERT INTO entry VALUES (?, ?, ?)", texts)
    print(f"FTS5: built in {time.process_time() - cpu:.1f} s CPU; {path.stat().st_size / 1e6:.1f} MB")

    def find(text: str) -> list[str]:
        terms = telling_words(normalized(text)[: planning.MAX_QUERY_CHARS])
        if not terms:
            return []
        wanted = " OR ".join(f'"{term}"' for term in dict.fromkeys(terms))
        query = "SELECT id FROM entry WHERE entry MATCH ? ORDER BY bm25(entry, 0, 2, 1) LIMIT 10"
        return [row[0] for row in connection.execute(query, (wanted,))]

    results = measure(find, {name: sets[name] for name in ("long", "span", "homophone")})
    connection.close()
    return results


def verdicts(found: dict[str, Results], edits_ms: dict[str, float], entries: int) -> Iterator[tuple[bool, str]]:
    """Yield whether each target that is about so many entries is met, and what was reached."""
    for engine, took_ms in edits_ms.items():
        ours = found[engine]
        if "fts5" in found:
            ratio = ours["long"].mrr / found["fts5"]["long"].mrr
            yield ratio >= 1.1, f"{engine}: MRR of long questions {ratio:.2f} of FTS5's (at least 1.10)"
        for name in ("pinyin", "initials"):
            yield ours[name].recall_10 >= 0.95, f"{engine}: {name} R@10 {ours[name].recall_10:.3f} (at least .95)"
        loss, without = (ours["span"].mrr - ours[name].mrr for name in ("homophone", "homophone no sounds"))
        share = loss / without if without else 0.0
        yield share <= 1 / 3, f"{engine}: homophones lose {share:.2f} of what they lose without sounds (at most 1/3)"
        yield took_ms <= 1_000, f"{engine}: an edit is found within {took_ms:.0f} ms (at most 1,000)"
        if engine == "whoosh" and entries <= FIRST_ENTRIES:
            for name, most_ms in (("span", 40), ("long", 120)):
                p99_ms = ours[f"{name}, indexing"].p99_ms
                yield p99_ms <= most_ms, f"whoosh: {name} p99 {p99_ms:.1f} ms while indexing (at most {most_ms})"
        if engine == "tantivy" and entries >= MANY_ENTRIES:
            p99_ms = max(result.p99_ms for result in ours.values())
            yield p99_ms <= 10, f"tantivy: p99 {p99_ms:.1f} ms of the slowest kind (at most 10)"


def size_mb(folder: Path) -> float:
    """Return the size of all files below ``folder``."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--scale", type=int, default=0, metavar="N", help="make N entries of them")
    parser.add_argument("--engines", default="whoosh,tantivy,fts5")
    options = parser.parse_args()
    rows = read(options.file)
    sets = query_sets(rows)
    if options.scale:
        rows = scaled(rows, options.scale)
    folder = Path(tempfile.mkdtemp(prefix="knowledge-"))
    found: dict[str, Results] = {}
    edits_ms: dict[str, float] = {}
    try:
        for engine in options.engines.split(","):
            if engine == "fts5":
                found[engine] = try_fts5(rows, sets, folder)
            else:
                found[engine], edits_ms[engine] = try_engine(engine, rows, sets, folder)
    finally:
        shutil.rmtree(folder)
    for is_met, text in verdicts(found, edits_ms, len(rows)):
        print("met   " if is_met else "MISSED", text)


if __name__ == "__main__":
    main()
