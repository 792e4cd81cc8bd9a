"""SIPp as a caller that we did not write: strict about SIP, with audio from a file of its own making."""

import asyncio
import shutil
from pathlib import Path

import pytest

CALLER = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="a caller">
  <send retrans="500"><![CDATA[
    INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:trunk@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:trunk@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=- 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [media_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0
    a=rtpmap:0 PCMU/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rtd="true"/>
  <send><![CDATA[
    ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:trunk@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Contact: <sip:trunk@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Length: 0
  ]]></send>
  <recv request="BYE"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0
  ]]></send>
</scenario>
"""


async def call_in(sip: tuple[str, int], folder: Path, *, number: str, calls: int, per_s: int) -> tuple[int, str]:
    """Return SIPp's exit status and what it printed: each call waits to be answered and hung up."""
    sipp = shutil.which("sipp")
    if sipp is None:
        pytest.skip("needs SIPp: sudo apt-get install sip-tester")
    scenario = folder / "caller.xml"
    scenario.write_text("\n".join(line.strip() for line in CALLER.splitlines()))
    process = await asyncio.create_subprocess_exec(
        sipp, f"{sip[0]}:{sip[1]}", "-sf", str(scenario), "-s", number, "-i", "127.0.0.1",
        "-m", str(calls), "-r", str(per_s), "-timeout", "60", "-timeout_error", "-nostdin",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder,
    )  # fmt: skip
    try:
        async with asyncio.timeout(90):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, output.decode(errors="replace")
