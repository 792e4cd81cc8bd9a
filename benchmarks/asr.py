"""Speech recognition by plugins/asr beside bare Vosk on the same labelled sounds, in turns, in one run.

``python -m benchmarks.asr MODEL MANIFEST [--rounds 3] [--files N] [--language zh]``: MANIFEST is a table with tabs
whose first line names ``path`` (from the table's folder) and ``text`` among its columns. Bare Vosk reads the files as
its own examples do, in as many processes as there are cores; the plugin gets the same. Vosk adds random noise to what
it hears (Kaldi's dither), so that its text differs a little with the order of the files: that is shown beside the
plugin's difference.

With ``--punctuation FOLDER`` the plugin writes the sounds down twice more, with marks by pauses alone and by that model
as well; the texts of MANIFEST have marks then. Where a character was recognised, the mark that follows it is compared.
"""

import argparse
import asyncio
import csv
import json
import multiprocessing
import os
import statistics
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.config import decode_settings
from core.events import ChannelState, TranscriptionJob, Utterance
from plugins.asr.adapter import VoskTranscriber
from plugins.asr.config import AsrConfig
from plugins.asr.recognition import CHUNK_FRAMES

PUNCTUATION = str.maketrans("", "", "，。？！、；：,.?!;: ")


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one pass over all sounds."""

    texts: list[str]
    wall_s: float
    cpu_s: float


def distance(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Return Levenshtein's distance."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        before, row[0] = row[0], i
        for j, got in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (expected != got))
    return row[-1]


def error_rate(references: list[str], texts: list[str], *, by_words: bool) -> float:
    """Return the errors of all texts by the length of all references, in characters or words."""
    pairs = [
        (one.translate(PUNCTUATION), other.translate(PUNCTUATION)) if not by_words else (one.split(), other.split())
        for one, other in zip(references, texts, strict=True)
    ]
    return sum(distance(one, other) for one, other in pairs) / sum(len(one) for one, _ in pairs)


def bare(model_path: str, paths: list[Path], processes: int) -> Run:
    """Recognise with Vosk alone, in ``processes`` forked from one that has loaded the model."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    child = context.Process(target=_bare, args=(model_path, paths, processes, far))
    child.start()
    run: Run = near.recv()
    child.join()
    return run


def _bare(model_path: str, paths: list[Path], processes: int, line: "Connection[Run, None]") -> None:
    import vosk  # noqa: PLC0415 - in processes that recognise, and in no other

    vosk.SetLogLevel(-1)
    model = vosk.Model(model_path)
    began = time.perf_counter()
    ends = []
    for number in range(processes):
        reading, writing = os.pipe()
        if os.fork() == 0:
            clock = time.process_time()
            texts = [_listen(vosk.KaldiRecognizer, model, path) for path in paths[number::processes]]
            os.write(writing, json.dumps([texts, time.process_time() - clock]).encode())
            os._exit(0)
        os.close(writing)
        ends.append(reading)
    results = [json.loads(os.fdopen(end, "rb").read()) for end in ends]
    texts = [results[index % processes][0][index // processes] for index in range(len(paths))]
    line.send(Run(texts, time.perf_counter() - began, sum(spent for _, spent in results)))


def _listen(recognizer_type: Callable[..., Any], model: object, path: Path) -> str:
    parts = []
    with wave.open(str(path), "rb") as file:
        recognizer = recognizer_type(model, file.getframerate())
        recognizer.SetWords(True)
        while data := file.readframes(CHUNK_FRAMES):
            if recognizer.AcceptWaveform(data):
                parts.append(json.loads(recognizer.Result())["text"])
    return " ".join([*parts, json.loads(recognizer.FinalResult())["text"]]).strip()


class Sheet:
    """One job for the plugin (``core.transcription.Listening``)."""

    def __init__(self, number: int, path: Path) -> None:
        self.job = TranscriptionJob(transcript_id=str(number), attempt=0, media_id="")
        self.sound = path
        self.said: list[Utterance] = []

    def measured(self, ends: tuple[int, ...], rate_hz: int) -> None:
        """Hear how long it is."""

    async def heard(self, channel: int, begin: int, end: int, utterances: tuple[Utterance, ...]) -> None:
        self.said.extend(utterances)


class Link:
    """What a host would give the plugin."""

    instance = "benchmark"

    def __init__(self, folder: str) -> None:
        self.data_dir = Path(folder)
        self.ready = asyncio.Event()

    async def emit(self, event: ChannelState) -> None:
        self.ready.set()


async def ours(
    model_path: str, paths: list[Path], processes: int, language: str, punctuation: str = ""
) -> tuple[Run, list[str]]:
    """Recognise with the plugin; return also the texts as people read them."""
    settings = {
        "models": [{"language": language, "path": model_path}],
        "punctuation": [{"language": language, "path": punctuation}] if punctuation else [],
        "workers": processes,
        "niceness": 0,
    }
    with TemporaryDirectory() as folder:
        link = Link(folder)
        plugin = VoskTranscriber(decode_settings(AsrConfig, settings), link)
        running = asyncio.create_task(plugin.run())
        await link.ready.wait()
        sheets = [Sheet(number, path) for number, path in enumerate(paths)]
        began = time.perf_counter()
        outcomes = await asyncio.gather(*map(plugin.transcribe, sheets))
        wall_s = time.perf_counter() - began
        running.cancel()
        await asyncio.wait({running})
    spent_s = sum(outcome.spent_s for outcome in outcomes)
    recognized = [" ".join(one.recognized for one in sheet.said) for sheet in sheets]
    return Run(recognized, wall_s, spent_s), ["".join(one.text for one in sheet.said) for sheet in sheets]


def marks_right(references: list[str], texts: list[str]) -> tuple[int, int, int]:
    """Return how many marks of ``texts`` are right, how many there are, and how many there should be."""
    right = put = wanted = 0
    for reference, text in zip(references, texts, strict=True):
        (plain, marks), (heard, found) = _split(reference), _split(text)
        for block in SequenceMatcher(None, plain, heard, autojunk=False).get_matching_blocks():
            for at in range(block.size):
                expected, got = marks[block.a + at], found[block.b + at]
                right += bool(got) and got == expected
                put += bool(got)
                wanted += bool(expected)
    return right, put, wanted


def _split(text: str) -> tuple[str, list[str]]:
    """Return ``text`` without marks, and the mark behind each of its characters."""
    plain: list[str] = []
    marks: list[str] = []
    for char in text:
        if not char.translate(PUNCTUATION):
            if marks:
                marks[-1] = char
        else:
            plain.append(char)
            marks.append("")
    return "".join(plain), marks


def main() -> None:
    """Print both, side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, metavar="N", help="the first N alone")
    parser.add_argument("--language", default="zh")
    parser.add_argument("--punctuation", default="", metavar="FOLDER")
    options = parser.parse_args()
    with options.manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))[: options.files]
    paths = [options.manifest.parent / row["path"] for row in rows]
    references = [row["text"] for row in rows]
    audio_s = sum(_length_s(path) for path in paths)
    processes = len(os.sched_getaffinity(0))
    walls, spents, used, texts, alone_texts = [], [], [], references, references
    for _ in range(options.rounds):
        alone = bare(options.model, paths, processes)
        plugin, _read = asyncio.run(ours(options.model, paths, processes, options.language))
        walls.append(plugin.wall_s / alone.wall_s)
        spents.append(plugin.cpu_s / alone.cpu_s)
        used.append(plugin.cpu_s / plugin.wall_s / (alone.cpu_s / alone.wall_s))
        texts, alone_texts = plugin.texts, alone.texts
        for name, run in (("bare Vosk", alone), ("plugin asr", plugin)):
            print(
                f"{name:<10} {audio_s:.0f} s of sound in {run.wall_s:.1f} s, {run.cpu_s:.1f} s of CPU: RTF "
                f"{run.cpu_s / audio_s:.3f}, {run.cpu_s / run.wall_s:.2f} of {processes} cores used"
            )
    turned = bare(options.model, paths[::-1], processes).texts[::-1]
    differing, noise = (error_rate(alone_texts, other, by_words=False) for other in (texts, turned))
    print(f"CER {error_rate(references, texts, by_words=False):.3f}", end=", ")
    print(f"WER {error_rate(references, texts, by_words=True):.3f}")
    if options.punctuation:
        for name, folder in (("pauses", ""), ("pauses and words", options.punctuation)):
            _, read = asyncio.run(ours(options.model, paths, processes, options.language, folder))
            right, put, wanted = marks_right(references, read)
            print(f"marks by {name}: precision {right / max(put, 1):.2f}, recall {right / max(wanted, 1):.2f}")
    cpu, wall, cores = statistics.median(spents), statistics.median(walls), statistics.median(used)
    for is_met, text in (
        (differing <= noise, f"{differing:.4f} of the characters differ from bare Vosk's, whose own "
         f"differ by {noise:.4f} in another order"),
        (cpu <= 1.05, f"CPU {cpu:.3f} of bare Vosk's (at most 1.05), wall {wall:.3f}"),
        (cores >= 0.95, f"{cores:.2f} of the cores that bare Vosk used (at least .95)"),
    ):  # fmt: skip
        print("met   " if is_met else "MISSED", text)


def _length_s(path: Path) -> float:
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


if __name__ == "__main__":
    main()
