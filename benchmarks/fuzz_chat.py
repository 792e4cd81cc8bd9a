"""Throws damaged updates at Telegram and damaged callbacks, messages and ciphers at WeChat.

Counts what was read and what was refused; anything else, or half a second of CPU time for one input, ends the run.

    python -m benchmarks.fuzz_chat --inputs 1000000
"""

import argparse
import base64
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from plugins.telegram import wire as telegram
from plugins.telegram.told import Told
from plugins.telegram.told import interpret as told_by_telegram
from plugins.wechat import kf_wire, wire
from plugins.wechat.crypto import CallbackCipher, NotForUs
from plugins.wechat.told import Unreadable
from tests.plugins.damage import as_json, damaged_bytes, damaged_objects, damaged_xml
from tests.plugins.telegram.samples import SAMPLES
from tests.plugins.wechat.platform import AES_KEY, APP_ID, KF_ID
from tests.plugins.wechat.samples import FIELDS, KF, OFFICIAL

LIMIT_S = 0.5
REFUSALS = (telegram.UpdateUnreadable, Unreadable, NotForUs)

Read = Callable[[Any], object]


def targets(count: int) -> Iterator[tuple[str, Iterable[Any], Read]]:
    """Yield what is tested with ``count`` inputs for each plugin: its name, the inputs, the reader."""
    cipher = CallbackCipher(AES_KEY, APP_ID)
    updates = [as_json(sample) for sample in SAMPLES]
    sealed = [cipher.encrypt(body).encode() for body in OFFICIAL]
    yield "telegram, updates", damaged_objects(SAMPLES, count // 2, 1), lambda raw: _telegram(telegram.read_update(raw))
    yield "telegram, bodies", damaged_bytes(updates, count // 2, 2), lambda raw: _telegram(telegram.parse_update(raw))
    yield "wechat, fields", damaged_xml(FIELDS, count // 4, 3), _callback
    yield "wechat, bodies", damaged_bytes(OFFICIAL, count // 4, 4), _callback
    yield "wechat, customer service", damaged_objects(KF, count // 4, 5), _kf
    yield "wechat, ciphers", damaged_bytes(sealed, count // 8, 6), lambda raw: cipher.decrypt(raw.decode("latin-1"))
    blocks = (base64.b64encode(os.urandom(16 * (1 + at % 8))).decode() for at in itertools.count())
    yield "wechat, random blocks", itertools.islice(blocks, count // 8), cipher.decrypt


def fuzz(inputs: Iterable[Any], read: Read) -> tuple[int, int, float]:
    """Return how many inputs there were and were read, and the longest time of one; raises what is no refusal."""
    total = understood = 0
    longest_s = 0.0
    for raw in inputs:
        total += 1
        began = time.process_time()
        try:
            read(raw)
            understood += 1
        except REFUSALS:
            pass
        except Exception:
            print(f"after {total} inputs: {repr(raw)[:2000]}")
            raise
        longest_s = max(longest_s, time.process_time() - began)
        if longest_s > LIMIT_S:
            raise TimeoutError(f"{longest_s:.2f} s for {repr(raw)[:2000]}")
    return total, understood, longest_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="for each plugin")
    count = parser.parse_args().inputs
    for name, inputs, read in targets(count):
        began = time.perf_counter()
        total, understood, longest_s = fuzz(inputs, read)
        rate = total / (time.perf_counter() - began)
        print(f"{name:26} {total:>9,} inputs {understood:>9,} read {rate:>8,.0f}/s longest {longest_s * 1000:.1f} ms")


def _telegram(update: telegram.Update) -> None:
    told = told_by_telegram(update, "zh")
    if isinstance(told, Told):
        msgspec.json.encode(told.event)


def _callback(body: bytes) -> None:
    told = wire.interpret(wire.parse_xml(body), "zh", {})
    if told is not None:
        msgspec.json.encode(told.event)


def _kf(raw: Any) -> None:
    told = kf_wire.interpret(kf_wire.read_message(raw), KF_ID, "zh")
    if told is not None:
        msgspec.json.encode(told.event)


if __name__ == "__main__":
    main()
