"""``python -P -m core.host``: run one instance, or with ``--describe``/``--probe`` tell about a plugin."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import msgspec

from core.channel import Channel
from core.errors import ConfigInvalid, ManifestInvalid
from core.host.censor import Censor
from core.host.host import Host
from core.host.inspect import describe, probe
from core.host.job import MAX_LINE_BYTES, HostJob
from core.host.lifecycle import BusClosed, PluginHost, Tell
from core.host.load import PluginType, load_plugin
from core.host.logs import log_as_json
from core.host.reports import EXIT_CONFIG, Reports
from core.host.speech import SpeechHost
from core.host.transcription import TranscriptionHost
from core.loop import run as run_loop
from core.loop import spare_start_up
from core.speech import Synthesizer

log = logging.getLogger("core.host")


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -P -m core.host", description=__doc__)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--describe", metavar="MODULE", help="print manifest and settings schema as JSON")
    group.add_argument("--probe", metavar="MODULE", help="try the settings on standard input (JSON)")
    options = parser.parse_args()
    if options.describe is None and options.probe is None:
        return _run(Reports.take_stdout())
    log_as_json("probe", Censor())
    answers = os.dup(1)
    os.dup2(2, 1)  # a stray print() of the plugin is no answer
    try:
        if options.describe is not None:
            answer = describe(options.describe)
        else:
            answer = run_loop(probe(options.probe, _read_object()))
    except Exception as error:
        answer = {"ok": False, "code": getattr(error, "code", "import_failed"), "faults": {"": _fault(error)}}
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        json.dump(answer, out, ensure_ascii=False)
    return 0 if answer.get("ok", True) else 1


def _run(reports: Reports) -> int:
    log_as_json("?", Censor())
    try:
        job = msgspec.json.decode(sys.stdin.buffer.readline(MAX_LINE_BYTES), type=HostJob)
        log_as_json(job.instance, Censor())
        plugin_type, manifest = load_plugin(job.plugin)
        Path(job.data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
        host = _host(job, plugin_type, reports.send)
    except (ConfigInvalid, ManifestInvalid, msgspec.MsgspecError, OSError) as error:
        reports.send("refused", text=str(error))
        return EXIT_CONFIG
    except Exception as error:
        log.exception("the plugin cannot be loaded")
        reports.send("refused", text=_fault(error))
        return EXIT_CONFIG
    log_as_json(job.instance, host.censor)
    spare_start_up()
    reports.send("started", version=manifest.version)
    status = run_loop(_until_stopped(host, reports))
    logging.shutdown()
    if host.is_stuck:
        os._exit(status)  # leaving the usual way would wait for the plugin
    return status


def _host(job: HostJob, plugin_type: PluginType, tell: Tell) -> PluginHost:
    if issubclass(plugin_type, Channel):
        return Host(job, plugin_type, tell)
    if issubclass(plugin_type, Synthesizer):
        return SpeechHost(job, plugin_type, tell)
    return TranscriptionHost(job, plugin_type, tell)


async def _until_stopped(host: PluginHost, reports: Reports) -> int:
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(host.run())
    beating = asyncio.create_task(reports.beat())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    except BusClosed as error:
        log.error("%s", error)
        return 1
    finally:
        beating.cancel()
        if host.is_stuck:
            logging.shutdown()
            os._exit(0)
    return 0


def _read_object() -> dict[str, Any]:
    return msgspec.json.decode(sys.stdin.buffer.read(MAX_LINE_BYTES), type=dict[str, Any])


def _fault(error: Exception) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


if __name__ == "__main__":
    sys.exit(main())
