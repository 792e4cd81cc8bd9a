"""The dial plan: every call is handed to call control, and served without it while nobody is there to take it."""

from pathlib import Path
from typing import Final

RETRY_S: Final = 3  # music between two attempts to find call control again
DUTY_AFTER: Final = 10  # attempts before the duty phone is rung, if one is set
ATTEMPTS: Final = 600  # half an hour
DUTY_RING_S: Final = 60
PEER_RING_S: Final = 300  # whoever has it rung gives up long before
UNALLOCATED: Final = 1  # cause (ITU-T Q.850) of a phone that is not there

INBOUND: Final = "inbound"  # context of trunks
PHONES: Final = "phones"  # context of agents' phones
ENGINES: Final = "engines"  # context of other engines, which call phones of ours
WAITING: Final = "waiting"  # names of the announcements: <prompts>/fallback/<name>.wav
GOODBYE: Final = "goodbye"
NO_NAME: Final = "-"  # the caller-id of trunks, for callers that bring none of their own
DUTY: Final = "LIANXIN_DUTY"  # global variable that call control sets: what Dial() takes, such as PJSIP/12345@trunk
_TOLD: Final = ("X-Lianxin-Call", "X-Lianxin-Leg", "X-Lianxin-Role", "Call-Info", "Alert-Info")  # to a phone that rings
_DUTY_KEPT: Final = "DB(lianxin/duty)"  # where calls write it down, because a restart forgets global variables


def extensions(app: str, prompts: Path) -> str:
    """Return extensions.conf; ``app`` is the Stasis application of call control."""
    fallback = prompts / "fallback"
    return f"""[general]
static = yes
writeprotect = yes
autofallthrough = yes
clearglobalvars = no

; from carriers: the arguments tell the trunk and the number that was dialled
; ringing is heard and sound is listened for at once: call control is spared asking for both
; one letter alone is left out: h is where Asterisk goes when a call has ended
[{INBOUND}]
exten => _[+0-9*#]!,1,Set(__DIALLED=${{EXTEN}})
 same => n,Goto(arrived,s,1)
exten => _[a-zA-Z].,1,Set(__DIALLED=${{EXTEN}})
 same => n,Goto(arrived,s,1)
exten => s,1,Goto(arrived,s,1)

[arrived]
exten => s,1,ExecIf($["${{CALLERID(name)}}" = "{NO_NAME}"]?Set(CALLERID(name)=))
 same => n,ExecIf($["${{{DUTY}}}" != "" & "${{{DUTY}}}" != "${{{_DUTY_KEPT}}}"]?Set({_DUTY_KEPT}=${{{DUTY}}}))
 same => n,Set(TALK_DETECT(set)=)
 same => n,Ringing()
 same => n,Stasis({app},{INBOUND},${{CHANNEL(endpoint)}},${{DIALLED}})
 same => n,GotoIf($["${{STASISSTATUS}}" = "FAILED"]?fallback,s,1)
 same => n,Hangup()

; from agents' phones
[{PHONES}]
exten => _[+0-9*#]!,1,Set(DIALLED=${{EXTEN}})
 same => n,Goto(dialled,s,1)
exten => _[a-zA-Z].,1,Set(DIALLED=${{EXTEN}})
 same => n,Goto(dialled,s,1)

[dialled]
exten => s,1,Stasis({app},{PHONES},${{CHANNEL(endpoint)}},${{DIALLED}})
 same => n,GotoIf($["${{STASISSTATUS}}" = "FAILED"]?busy)
 same => n,Hangup()
 same => n(busy),Progress()
 same => n,PlayTones(congestion)
 same => n,Wait(10)
 same => n,Hangup(34)

; from other engines: a phone of ours is rung for a call that is arranged there
[{ENGINES}]
exten => _[a-z0-9].,1,ExecIf($["${{CALLERID(name)}}" = "{NO_NAME}"]?Set(CALLERID(name)=))
 same => n,ExecIf($["${{CALLERID(num)}}" = "${{CHANNEL(endpoint)}}"]?Set(CALLERID(num)=))
{_heard()}
 same => n,Dial(PJSIP/${{EXTEN}},{PEER_RING_S},b(told^s^1))
 same => n,ExecIf($["${{DIALSTATUS}}" = "CHANUNAVAIL"]?Hangup({UNALLOCATED}))
 same => n,Hangup(${{HANGUPCAUSE}})

; what the engine that calls tells its phone goes on to it
[told]
{_passed_on()}

; call control is away: announce, play music, try again, ring the duty phone, try on
; when it is there but does not know what to do, for the hub is away, it sends the call back here: counting goes on
[fallback]
exten => s,1,GotoIf($["${{TRIES}}" != ""]?again)
 same => n,Set(TRIES=0)
 same => n,Answer()
 same => n,ExecIf($[${{STAT(e,{fallback / WAITING}.wav)}}]?Playback({fallback / WAITING}))
 same => n(again),MusicOnHold(default,{RETRY_S})
 same => n,Set(TRIES=$[${{TRIES}} + 1])
 same => n,Stasis({app},{INBOUND},${{CHANNEL(endpoint)}},${{DIALLED}})
 same => n,GotoIf($["${{STASISSTATUS}}" != "FAILED"]?end)
 same => n,GotoIf($[${{TRIES}} = {DUTY_AFTER} & "${{{_DUTY_KEPT}}}" != ""]?duty)
 same => n,GotoIf($[${{TRIES}} < {ATTEMPTS}]?again)
 same => n,ExecIf($[${{STAT(e,{fallback / GOODBYE}.wav)}}]?Playback({fallback / GOODBYE}))
 same => n(end),Hangup()
 same => n(duty),Dial(${{{_DUTY_KEPT}}},{DUTY_RING_S},m)
 same => n,GotoIf($["${{DIALSTATUS}}" = "ANSWER"]?end:again)
"""


def _heard() -> str:
    """Return the lines that keep what the calling engine tells, for the channel to the phone to inherit."""
    lines = (f" same => n,Set(__TOLD_{n}=${{PJSIP_HEADER(read,{name})}})" for n, name in enumerate(_TOLD))
    return "\n".join(lines)


def _passed_on() -> str:
    lines = ["exten => s,1,NoOp()"]
    for n, name in enumerate(_TOLD):
        lines += [
            f" same => n,GotoIf($[${{LEN(${{TOLD_{n}}})}} = 0]?after{n})",
            f" same => n,Set(PJSIP_HEADER(add,{name})=${{TOLD_{n}}})",
            f" same => n(after{n}),NoOp()",
        ]
    return "\n".join([*lines, " same => n,Return()"])
