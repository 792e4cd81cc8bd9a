"""Holds calls through the plugin against app_queue with MixMonitor: CPU of a call, and time to the agent's ring.

Both sides get the same Asterisk with the same files, one after the other. SIPp calls at a steady rate, SIPp answers for
the agents and echoes what it hears; every call is queued, bridged and recorded. Times to ring are SIPp's own. A
stand-in in the plugin's process decides at once: the hub's work is not part of the figures. Needs SIPp.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from core.config import decode_settings
from core.events import Attachment, CallArrived, CallPlan, Event, LegChanged, RecordingEnded
from core.events.calls import Dial, LegPlan, Listen, RecordingPlan, Talk
from hub.engine.binary import Asterisk
from hub.engine.install import install
from hub.engine.layout import Layout
from hub.engine.process import Engine, start
from hub.engine.settings import EngineSettings
from plugins.voice.accounts import ConfigObject, Trunk, put_objects, trunk_objects
from plugins.voice.adapter import Voice
from plugins.voice.ari import Ari
from plugins.voice.config import VoiceConfig
from tests.plugins.memory_link import MemoryLink
from tests.plugins.voice.support.phone import free_port
from tests.plugins.voice.support.scenarios import caller, phone
from tests.plugins.voice.support.sipp import TONE, sipp, successful

AGENTS = 200
PASSWORD = "LIANXIN_BENCH_PASSWORD"
SETTLE_S = 60.0  # for recordings to be handed in
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

DIAL_PLAN = """
[reference]
exten => _X.,1,Answer()
 same => n,MixMonitor(${UNIQUEID}.wav)
 same => n,Queue(reference)
 same => n,Hangup()
"""
QUEUE = """[general]
autofill = yes
[reference]
strategy = rrmemory
ringinuse = no
timeout = 15
"""


@dataclass(frozen=True)
class Load:
    """What is asked of both sides."""

    calls: int
    per_s: int
    talk_s: float


@dataclass(frozen=True)
class Result:
    """What came of it."""

    failed: int
    answered: int
    recorded: int
    engine_cpu_s: float
    plugin_cpu_s: float
    rings_ms: list[float]


class StandIn(MemoryLink):
    """A hub that decides at once: the next free agent, music until they answer, then a recorded talk."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, "bench")
        self.voice: Voice
        self.recorded = 0
        self._free = deque(range(AGENTS))
        self._agents: dict[str, int] = {}
        self._legs: dict[str, tuple[LegPlan, LegPlan]] = {}

    async def emit(self, event: Event) -> None:
        match event:
            case CallArrived() if event.call_id not in self._agents:
                number = self._agents[event.call_id] = self._free.popleft()
                dial = Dial(target=f"phone:agent-{number}", ring_s=15, caller_id=event.caller.removeprefix("tel:"))
                talk = Talk(activity_id="main")
                waits = Listen(activity_id="wait", background="music")
                caller = LegPlan(leg_id=event.leg_id, role="caller", activity=waits)
                agent = LegPlan(leg_id=f"agent-{event.call_id}", role="agent", activity=talk, dial=dial)
                self._legs[event.call_id] = (caller, agent)
                await self._plan(event.call_id, 1, caller, agent)
            case LegChanged(state="answered") if event.leg_id.startswith("agent-"):
                caller, agent = self._legs[event.call_id]
                talking = LegPlan(leg_id=caller.leg_id, role="caller", activity=agent.activity)
                await self._plan(event.call_id, 2, talking, agent)
            case LegChanged(state="ended") if not event.leg_id.startswith("agent-"):
                await self._plan(event.call_id, 3)
                self._free.append(self._agents[event.call_id])
            case RecordingEnded():
                self.recorded += 1

    async def _plan(self, call_id: str, revision: int, *legs: LegPlan) -> None:
        recordings = (RecordingPlan(recording_id=f"rec-{call_id}"),) if revision == 2 else ()
        await self.voice.arrange(CallPlan(call_id=call_id, revision=revision, legs=legs, recordings=recordings))

    async def put_file(self, path: Path, *, mime: str, name: str = "") -> Attachment:
        return Attachment(media_id=name, mime=mime, name=name, size_bytes=path.stat().st_size)


async def measure(load: Load, asterisk: Asterisk, *, is_ours: bool) -> Result:
    """Return one side's figures."""
    with tempfile.TemporaryDirectory(prefix="lianxin-bench-") as name:
        folder = Path(name)
        settings = decode_settings(
            EngineSettings, {"sip_host": "127.0.0.1", "sip_port": 0, "rtp_first": 20_000, "rtp_last": 24_000}
        )
        engine = await start(settings, asterisk, Layout(folder / "engine"))
        try:
            return await _measure(load, engine, folder, is_ours=is_ours)
        finally:
            await engine.kill()


async def _measure(load: Load, engine: Engine, folder: Path, *, is_ours: bool) -> Result:
    ports = {"caller": free_port(), "agent": free_port()}
    trunk = Trunk(name="trunk", host="127.0.0.1", port=ports["caller"], codecs=("ulaw",))
    access = engine.access
    async with Ari(access.url, access.username, access.password, app="setup") as ari:
        await put_objects(ari, [item for number in range(AGENTS) for item in agent_objects(number, ports["agent"])])
        if not is_ours:
            await put_objects(ari, [in_reference(item) for item in trunk_objects(trunk)])
            await load_queue(engine)
    plugin: asyncio.subprocess.Process | None = None
    if is_ours:
        plugin = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.phone", "--plugin", str(folder), access.url, str(ports["caller"]),
            env={**os.environ, PASSWORD: access.password.reveal()}, stdout=asyncio.subprocess.PIPE,
            stdin=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert plugin.stdout is not None
        await plugin.stdout.readline()
    try:
        begun = cpu_s(engine.note.pid), cpu_s(plugin.pid) if plugin else 0.0
        good, rings_ms = await call(load, engine, folder, ports)
        recorded = await count_recordings(folder, plugin, load.calls)
        spent = cpu_s(engine.note.pid) - begun[0], cpu_s(plugin.pid) - begun[1] if plugin else 0.0
    finally:
        if plugin is not None and plugin.returncode is None:
            plugin.kill()
            await plugin.wait()
    return Result(
        failed=load.calls - good,
        answered=len(rings_ms),
        recorded=recorded,
        engine_cpu_s=spent[0] / load.calls,
        plugin_cpu_s=spent[1] / load.calls,
        rings_ms=rings_ms,
    )


async def count_recordings(folder: Path, plugin: asyncio.subprocess.Process | None, calls: int) -> int:
    """Return how many recordings there are once all are there, or nothing is done about the others any more."""
    count = 0
    for _ in range(round(SETTLE_S)):
        await asyncio.sleep(1)
        if plugin is None:
            count = len(list((folder / "engine/spool/monitor").glob("*.wav")))
        else:
            assert plugin.stdin is not None
            assert plugin.stdout is not None
            plugin.stdin.write(b"\n")
            count = int(await plugin.stdout.readline())
        if count == calls:
            break
    return count


async def call(load: Load, engine: Engine, folder: Path, ports: dict[str, int]) -> tuple[int, list[float]]:
    """Have SIPp make the calls; return how many were successful, and the times to ring in milliseconds."""
    (folder / "tone.ul").write_bytes(TONE)
    calling = caller("139[call_number]", hangs_up_after_ms=round(1_000 * load.talk_s), file="tone.ul")
    limit_s = load.talk_s + load.calls / load.per_s + 60
    answering = ("-p", str(ports["agent"]), "-rtp_echo", "-mp", str(free_port()))
    arriving = (
        f"127.0.0.1:{engine.note.sip_port}", "-s", "12345", "-p", str(ports["caller"]), "-m", str(load.calls),
        "-r", str(load.per_s), "-l", str(load.calls), "-timeout", str(round(limit_s)),
    )  # fmt: skip
    async with sipp(folder, "agent", phone("139([0-9]+)@"), *answering) as agents:
        async with sipp(folder, "caller", calling, *arriving) as callers:
            _, printed = await callers.finished(within_s=limit_s + 30)
        called, rung = callers.logged("called"), agents.logged("rung")
    return successful(printed), sorted(1_000 * (rung[number] - called[number]) for number in rung.keys() & called)


def agent_objects(number: int, port: int) -> tuple[ConfigObject, ...]:
    """Return an agent's phone, which SIPp answers for."""
    name = f"agent-{number}"
    fields = {"transport": "transport-udp", "context": "phones", "aors": name, "disallow": "all", "allow": "ulaw"}
    media = {"direct_media": "no", "rtp_symmetric": "yes"}
    return (
        ConfigObject("aor", name, {"contact": f"sip:{name}@127.0.0.1:{port}"}),
        ConfigObject("endpoint", name, {**fields, **media}),
    )


def in_reference(item: ConfigObject) -> ConfigObject:
    """Return a trunk's object with its calls going to app_queue."""
    return replace(item, fields={**item.fields, "context": "reference"}) if item.kind == "endpoint" else item


async def load_queue(engine: Engine) -> None:
    """Give a running engine the dial plan of the reference."""
    etc = engine.layout.etc
    members = "".join(f"member => PJSIP/agent-{number}\n" for number in range(AGENTS))
    await asyncio.to_thread((etc / "queues.conf").write_text, QUEUE + members)
    extensions = await asyncio.to_thread((etc / "extensions.conf").read_text)
    await asyncio.to_thread((etc / "extensions.conf").write_text, extensions + DIAL_PLAN)
    for command in ("module load app_queue.so", "module reload pbx_config.so"):
        await engine.command(command)


async def be_plugin(folder: Path, url: str, password: str, port: int) -> None:
    """Run the plugin until the end of input; each line asks how many recordings were handed in."""
    plain = {
        "ari_url": url,
        "ari_username": "lianxin",
        "ari_password": password,
        "trunks": [{"name": "trunk", "host": "127.0.0.1", "port": port, "codecs": ["ulaw"]}],
    }
    link = StandIn(folder / "plugin")
    link.data_dir.mkdir()
    link.voice = Voice(decode_settings(VoiceConfig, plain), link)
    running = asyncio.create_task(link.voice.run())
    async with Ari(url, "lianxin", link.voice.config.ari_password, app="lianxin") as ari:
        while not any(one.resource == "trunk" for one in await ari.endpoints()):
            await asyncio.sleep(0.1)
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(link.recorded, flush=True)
    running.cancel()
    await asyncio.wait({running})


def cpu_s(pid: int) -> float:
    """Return what a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def show(title: str, result: Result) -> None:
    """Print one side's figures."""
    rings = result.rings_ms or [float("nan")]
    p99 = rings[min(len(rings) - 1, round(0.99 * len(rings)))]
    print(
        f"{title:<10} failed {result.failed}, rung {result.answered}, recorded {result.recorded}; CPU a call: engine "
        f"{1_000 * result.engine_cpu_s:.0f} ms, plugin {1_000 * result.plugin_cpu_s:.0f} ms; "
        f"to ring: median {statistics.median(rings):.0f} ms, p99 {p99:.0f} ms",
        flush=True,
    )


async def main() -> None:
    """Measure both sides, in turns, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--per-s", type=int, default=50)
    parser.add_argument("--talk-s", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--prefix", type=Path, default=Path.home() / ".cache/lianxin/engine")
    parser.add_argument("--plugin", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.plugin is not None:
        folder, url, port = given.plugin
        await be_plugin(Path(folder), url, os.environ[PASSWORD], int(port))
        return
    asterisk = await install(given.prefix, lambda percent, text: None)
    load = Load(given.calls, given.per_s, given.talk_s)
    totals: dict[bool, list[float]] = {True: [], False: []}
    print(f"{load.calls} calls at {load.per_s}/s, {load.talk_s:g} s of talk; load average {os.getloadavg()[0]:.1f}")
    for _ in range(given.rounds):
        for is_ours in (False, True):
            result = await measure(load, asterisk, is_ours=is_ours)
            show("plugin" if is_ours else "app_queue", result)
            totals[is_ours].append(result.engine_cpu_s + result.plugin_cpu_s)
    ratio = statistics.median(totals[True]) / statistics.median(totals[False])
    print(f"CPU of a call against app_queue: {ratio:.2f}x")


if __name__ == "__main__":
    asyncio.run(main())
