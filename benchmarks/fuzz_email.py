"""Reads damaged mails until a number of them was read; says how many, how fast, and the slowest.

``python -m benchmarks.fuzz_email [COUNT] [SEED]``

Each input is a mail of the corpus with a few of its bytes changed, doubled, cut out or swapped with another mail's.
Nothing may raise; whatever takes more than a second of CPU is printed with its seed, so that it can be looked at again.
"""

import logging
import random
import sys
import time

from plugins.email.wire import Ours, parse
from tests.plugins.email.corpus import cases
from tests.plugins.email.damaged import damaged_cases

SLOW_S = 1.0
PIECES = (
    b"\r\n",
    b"--cut",
    b"=?gbk?B?",
    b"?=",
    b"Content-Type: ",
    b";",
    b'"',
    b"<",
    b">",
    b"\x1b$B",
    b"\xff",
    b"\0",
    b"<div>",
)


def damaged(chance: random.Random, mails: list[bytes]) -> bytes:
    """Return one of ``mails`` with a few damages."""
    raw = bytearray(chance.choice(mails))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(raw) + 1)
        length = chance.choice((1, 2, 8, 64))
        match chance.randrange(5):
            case 0:
                raw[at : at + length] = chance.randbytes(length)
            case 1:
                raw[at:at] = chance.choice(PIECES) * chance.choice((1, 1, 3, 40))
            case 2:
                del raw[at : at + length]
            case 3:
                raw[at:at] = raw[at : at + length * 8]
            case _:
                other = chance.choice(mails)
                start = chance.randrange(len(other))
                raw[at:at] = other[start : start + length * 4]
    return bytes(raw)


def main() -> None:
    """Run until the count is reached."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    failures: list[int] = []
    logging.getLogger("plugins.email.wire").addFilter(lambda _: bool(failures.append(number)) or False)
    mails = [case.raw for case in [*cases(), *damaged_cases()]]
    ours = Ours(addresses=frozenset({"hotline@lianxin.test"}))
    slowest, began = 0.0, time.monotonic()
    for number in range(count):
        raw = damaged(random.Random(f"{seed}-{number}"), mails)
        started = time.thread_time()
        parse(raw, ours)
        took = time.thread_time() - started
        slowest = max(slowest, took)
        if took > SLOW_S:
            print(f"slow: {seed}-{number} took {took:.2f} s")
    rate = count / (time.monotonic() - began)
    print(f"{count} mails, {rate:.0f}/s, slowest {slowest * 1000:.0f} ms, unreadable {len(failures)} {failures[:10]}")


if __name__ == "__main__":
    main()
