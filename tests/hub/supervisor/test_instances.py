import asyncio
import contextlib
import os
import signal
from pathlib import Path

import msgspec
import pytest

from core.bus import Bus
from core.errors import RequestFailed
from core.events import (
    DescribeRequest,
    Description,
    DesiredInstance,
    MessageStatus,
    MessageStatuses,
    PluginList,
    PluginsRequest,
    ProbeAnswer,
    ProbeRequest,
    SendMessage,
)
from core.streams import DESIRED, Consumer
from core.subjects import ASK_DESCRIBE, ASK_PLUGINS, ASK_PROBE

from .conftest import WAIT_S, Supervised, descendants, supervise

BREAKS = [
    ("segfault", "crash", "killed by SIGSEGV"),
    ("memory", "memory", "the limit is 200 MiB"),
    ("block", "hang", "no heartbeat for 3 s"),
    ("exit", "crash", "exit status 3"),
]


KILLS = 6
ORDERS_BETWEEN_KILLS = 40


def is_running(status) -> bool:
    return status.process == "running"


async def outcomes(bus: Bus) -> asyncio.Queue[MessageStatus]:
    """Return a queue that receives every status of a message."""
    reported: asyncio.Queue[MessageStatus] = asyncio.Queue()

    async def hear(batch):
        for delivery in batch:
            match delivery.event:
                case MessageStatus() as status:
                    reported.put_nowait(status)
                case MessageStatuses(statuses=statuses):
                    for status in statuses:
                        reported.put_nowait(status)

    await bus.ensure(consumers=[Consumer("IN", "hub")])
    bus.consume("IN", "hub", hear)
    return reported


async def test_an_instance_is_started_and_delivers_orders(supervised: Supervised):
    bus = await supervised.connect()
    await supervised.want("calm", "faulty")
    status = await supervised.status("calm", is_running)
    assert status.version == "1.2.3"
    reported = await outcomes(bus)
    await bus.publish(SendMessage(message_id="m-1", recipient="faulty:a"), "calm", msg_id="m-1")
    sent = MessageStatus(message_id="m-1", status="sent", external_id="echo-m-1")
    assert await asyncio.wait_for(reported.get(), WAIT_S) == sent


async def test_a_killed_bus_is_started_again_and_the_plugins_go_on(supervised: Supervised):
    bus = await supervised.connect()
    await supervised.want("calm", "faulty")
    calm = await supervised.status("calm", is_running)
    reported = await outcomes(bus)
    (server,) = (child for child in descendants(supervised.process.pid) if child.name() == "nats-server")
    server.kill()
    await bus.publish(SendMessage(message_id="m-1", recipient="faulty:a"), "calm", msg_id="m-1", timeout_s=WAIT_S)
    assert (await asyncio.wait_for(reported.get(), WAIT_S)).status == "sent"
    latest = [status for status in supervised.statuses if status.instance == "calm"][-1]
    assert (latest.process, latest.pid) == ("running", calm.pid)


async def test_an_idle_plugin_holds_at_most_fifty_megabytes(supervised: Supervised):
    await supervised.connect()
    await supervised.want("calm", "faulty")
    status = await supervised.status("calm", is_running)
    assert status.memory_bytes is not None
    assert status.memory_bytes <= 50 << 20


async def test_plugins_that_break_are_fenced_with_their_reasons_and_disturb_nobody(supervised: Supervised):
    await supervised.connect()
    await supervised.want("calm", "faulty")
    calm = await supervised.status("calm", is_running)
    for fault, _, _ in BREAKS:
        await supervised.want(fault, "faulty", f'{{"fault": "{fault}"}}')
    for fault, reason, detail in BREAKS:
        fenced = await supervised.status(fault, lambda status: status.process == "fenced")
        assert fenced.reason == reason
        assert detail in fenced.detail
        assert fenced.restarts == 2
    latest = [status for status in supervised.statuses if status.instance == "calm"][-1]
    assert (latest.process, latest.pid, latest.restarts) == ("running", calm.pid, 0)


async def test_no_order_is_lost_or_doubled_while_its_plugin_is_killed(tmp_path: Path):
    async with supervise(tmp_path, '{"plugins": {"healthy_s": 0}}') as supervised:
        bus = await supervised.connect()
        await supervised.want("victim", "faulty")
        await supervised.status("victim", is_running)
        reported = await outcomes(bus)
        final: dict[str, str] = {}
        wanted = {f"m-{number}" for number in range(KILLS * ORDERS_BETWEEN_KILLS)}
        for kill in range(KILLS):
            for number in range(kill * ORDERS_BETWEEN_KILLS, (kill + 1) * ORDERS_BETWEEN_KILLS):
                message = SendMessage(message_id=f"m-{number}", recipient=f"faulty:{number % 5}")
                await bus.publish(message, "victim", msg_id=message.message_id)
            for _ in range(ORDERS_BETWEEN_KILLS // 2):
                status = await asyncio.wait_for(reported.get(), WAIT_S)
                final[status.message_id] = status.status
            running = [status.pid for status in supervised.statuses if status.pid]
            with contextlib.suppress(ProcessLookupError):
                os.kill(running[-1], signal.SIGKILL)
        while final.keys() != wanted:
            status = await asyncio.wait_for(reported.get(), WAIT_S)
            final[status.message_id] = status.status
        sent = supervised.data.plugin("victim").joinpath("sent").read_text().split()
    assert len(sent) == len(set(sent))
    assert {message_id for message_id, status in final.items() if status == "sent"} <= set(sent)
    assert set(final.values()) <= {"sent", "unknown"}


async def test_a_fenced_instance_is_started_again_when_its_settings_change(supervised: Supervised):
    await supervised.connect()
    await supervised.want("main", "faulty", '{"fault": "exit"}')
    await supervised.status("main", lambda status: status.process == "fenced")
    await supervised.want("main", "faulty", "{}")
    await supervised.status("main", lambda status: status.process == "running" and status.revision == 2)


async def test_wrong_settings_fence_at_once_and_name_every_field(supervised: Supervised):
    await supervised.connect()
    await supervised.want("main", "faulty", '{"fault": "unheard", "kee": 1, "key": 5}')
    status = await supervised.status("main", lambda status: status.process == "fenced")
    assert status.reason == "refused"
    assert status.restarts == 0
    assert all(name in status.detail for name in ("fault", "kee", "key"))


async def test_an_instance_of_an_unknown_plugin_says_so(supervised: Supervised):
    await supervised.connect()
    await supervised.want("main", "nowhere")
    status = await supervised.status("main", lambda status: status.process == "fenced")
    assert status.detail == "no plugin named 'nowhere' is installed"


@pytest.mark.parametrize("fault", ["none", "stubborn"])
async def test_a_disabled_instance_is_stopped_and_the_others_go_on(supervised: Supervised, fault):
    await supervised.connect()
    await supervised.want("stays", "faulty")
    await supervised.want("goes", "faulty", f'{{"fault": "{fault}"}}')
    stays = await supervised.status("stays", is_running)
    await supervised.status("goes", is_running)
    await supervised.want("goes", "faulty", is_enabled=False)
    await supervised.status("goes", lambda status: status.process == "stopped" and status.revision == 3)
    latest = [status for status in supervised.statuses if status.instance == "stays"][-1]
    assert (latest.process, latest.pid) == ("running", stays.pid)


async def test_a_deleted_instance_leaves_nothing_on_the_bus_and_a_disabled_one_keeps_its_place(supervised: Supervised):
    bus = await supervised.connect()
    for instance in ("off", "gone"):
        await supervised.want(instance, "faulty")
        await supervised.status(instance, is_running)
    seeds = {name: supervised.data.path / f"nats/keys/plugin-{name}.seed" for name in ("off", "gone")}
    assert seeds["gone"].exists()
    await supervised.want("off", "faulty", is_enabled=False)
    await supervised.status("off", lambda status: status.process == "stopped" and status.revision == 3)
    await bus.bucket(DESIRED, DesiredInstance).delete("gone")
    async with asyncio.timeout(WAIT_S):
        while await orders_readers(bus) != ["off"]:
            await asyncio.sleep(0.02)  # nobody announces that something is gone
    assert [name for name, seed in seeds.items() if seed.exists()] == ["off"]
    await supervised.want("gone", "faulty")
    await supervised.status("gone", lambda status: status.process == "running" and status.revision == 4)


async def orders_readers(bus: Bus) -> list[str]:
    """Return who reads orders."""
    answer = await bus.request("$JS.API.CONSUMER.NAMES.ORDERS", b"{}", reply=bytes)
    return sorted(msgspec.json.decode(answer)["consumers"] or [])


async def test_the_hub_learns_what_is_installed_and_what_it_wants_to_know(supervised: Supervised):
    bus = await supervised.connect()
    installed = await bus.request(ASK_PLUGINS, PluginsRequest(), reply=PluginList)
    assert "faulty" in [plugin.name for plugin in installed.plugins]
    described = await bus.request(ASK_DESCRIBE, DescribeRequest(plugin="faulty"), reply=Description, timeout_s=20)
    assert described.manifest["title"]["zh"] == "坏插件"
    assert "fault" in described.schema["$defs"]["FaultyConfig"]["properties"]
    with pytest.raises(RequestFailed, match="no plugin named 'nowhere'"):
        await bus.request(ASK_DESCRIBE, DescribeRequest(plugin="nowhere"), reply=Description, timeout_s=20)


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"key": "right"}, ProbeAnswer(ok=True)),
        ({"key": "wrong"}, ProbeAnswer(ok=False, code="auth_failed", faults={"": "the far end refused the key"})),
        ({"nonsense": 1}, ProbeAnswer(ok=False, code="config_invalid", faults={"nonsense": "unknown setting"})),
    ],
)
async def test_settings_are_tried_before_they_are_saved(supervised: Supervised, settings, answer):
    bus = await supervised.connect()
    question = ProbeRequest(plugin="faulty", settings=settings)
    assert await bus.request(ASK_PROBE, question, reply=ProbeAnswer, timeout_s=30) == answer
