"""SIPp scenarios, put together from messages: callers, and a phone that answers."""

from typing import Final

_OPENING: Final = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="{name}">"""
_SDP: Final = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio {port} RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
_REQUEST: Final = """{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{user}@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>{tag}
Call-ID: [call_id]
CSeq: {number} {method}
Contact: <sip:{user}@[local_ip]:[local_port]>
Max-Forwards: 70
"""
_ANSWER: Final = """SIP/2.0 {status}
[last_Via:]
[last_From:]
[last_To:]{tag}
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:phone@[local_ip]:[local_port]>
"""
_NO_BODY: Final = "Content-Length: 0\n"
_TAG: Final = ";tag=[call_number]"


def caller(user: str, *, within_ms: int = 0, hangs_up_after_ms: int | None = None, file: str = "") -> str:
    """Return who calls, logs ``called <number> <time>``, plays ``file`` on and on, and hangs up or waits for it.

    Each call comes at a moment of its own ``within_ms``: that many callers at random make a Poisson process.
    """
    wait = f'<pause distribution="uniform" min="0" max="{within_ms}"/>' if within_ms else ""
    play = f'<nop><action><exec rtp_stream="{file},-1,0"/></action></nop>' if file else ""
    if hangs_up_after_ms is None:
        ending = '<recv request="BYE"/>\n' + _send(_answer("200 OK") + _NO_BODY)
    else:
        bye = _send(_request("BYE", user, 2) + _NO_BODY, is_repeated=True)
        ending = f'<pause milliseconds="{hangs_up_after_ms}"/>\n{bye}\n<recv response="200"/>'
    port = "[rtpstream_audio_port]" if file else "[media_port]"
    return "\n".join(
        [
            _OPENING.format(name="caller"),
            wait,
            '<nop><action><log message="called [call_number] [timestamp]"/></action></nop>',
            _send(_request("INVITE", user, 1) + _SDP.format(port=port), is_repeated=True),
            *(f'<recv response="{status}" optional="true"/>' for status in (100, 180, 183)),
            '<recv response="200" rtd="true"/>',
            _send(_request("ACK", user, 1) + _NO_BODY),
            play,
            ending,
            "</scenario>",
        ]
    )


def phone(number: str) -> str:
    """Return who logs ``rung <number> <time>``, the first group of the pattern ``number`` in From, and answers."""
    return "\n".join(
        [
            _OPENING.format(name="phone"),
            f'<recv request="INVITE"><action><ereg regexp="{number}" search_in="hdr" header="From:"'
            ' assign_to="all,number"/><log message="rung [$number] [timestamp]"/></action></recv>',
            '<Reference variables="all"/>',
            _send(_answer("180 Ringing", _TAG) + _NO_BODY),
            _send(_answer("200 OK", _TAG) + _SDP.format(port="[media_port]"), is_repeated=True),
            '<recv request="ACK"/>',
            '<recv request="BYE"/>',
            _send(_answer("200 OK") + _NO_BODY),
            "</scenario>",
        ]
    )


def _request(method: str, user: str, number: int) -> str:
    tag = "" if method == "INVITE" else "[peer_tag_param]"
    return _REQUEST.format(method=method, user=user, number=number, tag=tag)


def _answer(status: str, tag: str = "") -> str:
    return _ANSWER.format(status=status, tag=tag)


def _send(message: str, *, is_repeated: bool = False) -> str:
    repeating = ' retrans="500"' if is_repeated else ""
    return f"<send{repeating}><![CDATA[\n{message}\n]]></send>"
