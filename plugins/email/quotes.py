"""Tells what a person wrote from what their program repeated below: replies in the styles that Chinese,
Japanese and Western programs write (QQ, 163, Foxmail, Outlook, Gmail, iPhone).
"""

import re
from typing import Final

MAX_LINES: Final = 5_000
MAX_LINE: Final = 400  # characters of a line that are looked at
_SEPARATOR: Final = re.compile(
    r"^[>\s]*[-—－_*=]{2,}\s*(?:原始邮件|原始郵件|回复的原邮件|回覆的原郵件|原邮件信息|原信|邮件原文|"
    r"Original(?: Message)?|Reply message|元のメッセージ|"
    r"Ursprüngliche Nachricht|Message d'origine)\s*[-—－_*=]{2,}\s*$",
    re.IGNORECASE,
)
_WROTE: Final = re.compile(r"(?:wrote|schrieb|a écrit|escribió|写道|寫道)\s*[:：]\s*$", re.IGNORECASE)
_WROTE_ON: Final = re.compile(r"^[>\s]*\d{4}年\d{1,2}月\d{1,2}日[^@]{0,120}@[^@]{1,120}[:：]\s*$")
_WHEN_OR_WHO: Final = re.compile(r"\d{1,2}[:：]\d{2}|@|\d{4}")
_BEGINS_WROTE: Final = re.compile(r"^[>\s]*(?:On |At |在|于|於)\s*\S", re.IGNORECASE)
_FIELD: Final = re.compile(
    r"^[>\s*]*(?:(?P<sender>发件人|寄件者|寄件人|差出人|發件人|From|Sender|Von|De)|"
    r"发送时间|發送時間|傳送日期|寄件日期|送信日時|日期|时间|時間|收件人|收件者|宛先|抄送|副本|主题|主旨|主題|件名|"
    r"Sent(?: Time)?|Date|To|Recipients?|Cc|Subject|Gesendet|An|Betreff)\s*\*?\s*[:：]\s*\S?",
    re.IGNORECASE,
)
_QUOTE: Final = re.compile(r"^\s*[>＞]")
_SIGNATURE: Final = re.compile(
    r"^\s*(?:-- ?|发自(?:我的)?.{1,30}|寄自.{1,30}|从我的.{1,20}(?:发送|寄出)|從我的.{1,20}(?:傳送|寄出)|"
    r"来自.{1,20}(?:手机|邮箱)|Sent from (?:my )?.{1,40}|"
    r"获取 ?Outlook for .{1,10}|Get Outlook for .{1,10}|取得 ?Outlook .{0,20}|iPhoneから送信)"
    r"(?:\s*<\S+>)?\s*$",
    re.IGNORECASE,
)
_BARE_SEPARATOR: Final = re.compile(r"^\s*(?:原始邮件|Original Email|Original Message)\s*$", re.IGNORECASE)  # QQ
_CARD: Final = re.compile(r"^\s*\|[\s|]*$")  # of the name card that NetEase's mail master puts below what was written
MAX_CARD: Final = 16  # lines
_RULE: Final = re.compile(r"^\s*[_-]{10,}\s*$")
_FORWARD: Final = re.compile(r"^\s*(?:fwd?|转发|轉寄|轉發|wg|tr)\s*[:：]", re.IGNORECASE)


def fold(text: str, subject: str = "") -> tuple[str, str]:
    """Return what was written and what was repeated; a mail that repeats all is left whole.

    A forwarded mail is what was meant to be sent, so nothing of it is folded.
    """
    if _FORWARD.match(subject):
        return text.strip(), ""
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        tail = lines[MAX_LINES:]
        lines = lines[:MAX_LINES]
    else:
        tail = []
    shown = [line[:MAX_LINE] for line in lines]
    begin, end = _leading_quote(shown)
    cut = _cut(shown, end)
    cut = _before_signature(shown, end, cut)
    written = "\n".join([*lines[:begin], *lines[end:cut], *(tail if cut == len(lines) else [])]).strip()
    if not written:
        return text.strip(), ""
    repeated = "\n".join([*lines[begin:end], *lines[cut:], *(tail if cut < len(lines) else [])]).strip()
    return written, repeated


def _leading_quote(lines: list[str]) -> tuple[int, int]:
    """Return where a quotation above the answer begins and ends; an empty range when there is none."""
    at = 0
    while at < len(lines) and not lines[at].strip():
        at += 1
    head = at
    if head < len(lines) and _says_wrote(lines[head]):
        at = head + 1
    while at < len(lines) and (_QUOTE.match(lines[at]) or not lines[at].strip()):
        at += 1
    rest = [line for line in lines[at:] if line.strip()]
    is_quote = any(_QUOTE.match(line) for line in lines[head:at])
    if not is_quote or not rest or any(_QUOTE.match(line) for line in rest):
        return head, head
    return head, at


def _cut(lines: list[str], start: int) -> int:
    """Return the line from which on everything is repeated."""
    for at in range(start, len(lines)):
        if _SEPARATOR.match(lines[at]) or _is_attribution(lines, at):
            return at
        if _is_header_block(lines, at):
            is_ruled = at > start and (_RULE.match(lines[at - 1]) or _BARE_SEPARATOR.match(lines[at - 1]))
            return at - 1 if is_ruled else at
    at = len(lines)
    while at > start and (_QUOTE.match(lines[at - 1]) or not lines[at - 1].strip()):
        at -= 1
    return at if any(_QUOTE.match(line) for line in lines[at:]) else len(lines)


def _is_attribution(lines: list[str], at: int) -> bool:
    """Whether "On … wrote:" begins here, on up to three lines, and what it speaks of follows."""
    if _says_wrote(lines[at]):
        return _is_followed_by_quote(lines, at + 1, lines[at])
    if not _BEGINS_WROTE.match(lines[at]):
        return False
    for more in (2, 3):
        last = lines[at + more - 1 : at + more]
        if last and _says_wrote(last[0]):
            return _is_followed_by_quote(lines, at + more, " ".join(lines[at : at + more]))
    return False


def _says_wrote(line: str) -> bool:
    return line.rstrip().endswith((":", "：")) and bool(_WROTE.search(line) or _WROTE_ON.match(line))


def _is_followed_by_quote(lines: list[str], at: int, attribution: str) -> bool:
    """Whether what follows is marked line by line to the end, or not at all as in mails of 163 and QQ."""
    rest = [line for line in lines[at:] if line.strip()]
    marked = sum(1 for line in rest if _QUOTE.match(line))
    if not marked:
        return bool(rest) and _WHEN_OR_WHO.search(attribution) is not None
    return marked * 2 > len(rest) or bool(_QUOTE.match(rest[0]) and _QUOTE.match(rest[-1]))


def _is_header_block(lines: list[str], at: int) -> bool:
    match = _FIELD.match(lines[at])
    if match is None or match["sender"] is None:
        return False
    window = [line for line in lines[at + 1 : at + 10] if line.strip()][:5]
    return sum(1 for line in window if _FIELD.match(line)) >= 2


def _before_signature(lines: list[str], start: int, cut: int) -> int:
    """Return ``cut``, or the line of a telephone's or program's signature right above it."""
    if cards := [at for at in range(max(start, cut - MAX_CARD), cut) if _CARD.match(lines[at])]:
        cut = cards[0]
    at = cut
    seen = 0
    while at > start and seen < 8:
        line = lines[at - 1]
        if _SIGNATURE.match(line):
            return at - 1
        if line.strip():
            seen += 1
        if seen and cut - at > 12:
            break
        at -= 1
    return cut
