"""Mails shaped like those of the real world: Chinese, Japanese, broken, hostile; each with what a person should see.

Made here, none of them received: every program's habit that is imitated is named by its label.
"""

import base64
import quopri
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

ZH = "您好，中山路十二号门前的路灯不亮，请派人维修。谢谢！"
RARE = "朱镕基、喆、堃、㙍"  # not in GB 2312
TW = "您好，中山路十二號門前的路燈不亮，請派人維修。謝謝！"
JA = "お世話になっております。街灯が消えています。ご確認ください。"
KO = "안녕하세요. 가로등이 꺼져 있습니다. 확인 부탁드립니다."
FR = "Réverbère éteint près de l'école, merci."


@dataclass(frozen=True, slots=True)
class Case:
    """A mail and what is to be seen of it; ``quoted`` is a word of what has to be folded away."""

    label: str
    raw: bytes
    subject: str = "路灯"
    sender: str = "lin@example.cn"
    text: str = ZH
    files: tuple[str, ...] = ()
    quoted: str = ""
    is_automatic: bool = False


def mail(*fields: str | bytes, body: str | bytes = ZH, subject: bool = True, sender: bool = True) -> bytes:
    """Return a mail with these header fields."""
    head = [*([b"From: lin@example.cn"] if sender else []), *([_word("路灯", "utf-8")] if subject else [])]
    if subject:
        head[-1] = b"Subject: " + head[-1]
    head += [_bytes(field) for field in fields]
    if not any(b"content-type" in field.lower() for field in head):
        head.append(b"Content-Type: text/plain; charset=utf-8")
    return b"\r\n".join([b"Message-ID: <0123456789abcdef@example.cn>", *head, b"", _bytes(body), b""])


def cases() -> list[Case]:
    """Return the corpus."""
    return [
        *_bodies(),
        *_subjects(),
        *_senders(),
        *_names(),
        *_structures(),
        *_quotes(),
        *_pages(),
        *_automatic(),
    ]


def _bodies() -> Iterator[Case]:
    encoded = [
        ("gb2312", "gb18030", ZH), ("gb2312 with rare characters", "gb18030", ZH + RARE), ("gbk", "gbk", ZH),
        ("gb18030", "gb18030", ZH + RARE),
        ("big5", "big5", TW), ("hz-gb-2312", "hz", ZH), ("iso-2022-jp", "iso2022_jp", JA),
        ("shift_jis", "cp932", JA), ("euc-jp", "euc_jp", JA), ("euc-kr", "cp949", KO), ("ks_c_5601-1987", "cp949", KO),
        ("utf-8", "utf-8", ZH), ("utf-16", "utf-16", ZH), ("windows-1252", "cp1252", FR), ("iso-8859-1", "cp1252", FR),
    ]  # fmt: skip
    for label, codec, text in encoded:
        charset = label.split(" ", maxsplit=1)[0]
        data = text.encode(codec)
        for encoding, body in (
            ("8bit", data),
            ("base64", base64.encodebytes(data)),
            ("quoted-printable", quopri.encodestring(data)),
        ):
            if encoding != "base64" and codec == "utf-16":
                continue
            fields = (f"Content-Type: text/plain; charset={charset}", f"Content-Transfer-Encoding: {encoding}")
            yield Case(f"body {label} {encoding}", mail(*fields, body=body), text=text)
    for label, codec, text in (
        ("utf-8", "utf-8", ZH), ("gbk", "gbk", ZH), ("big5", "big5", TW), ("shift_jis", "cp932", JA),
        ("euc-jp", "euc_jp", JA), ("iso-2022-jp", "iso2022_jp", JA), ("euc-kr", "cp949", KO), ("latin-1", "cp1252", FR),
        ("hz", "hz", ZH),
    ):  # fmt: skip
        for named in ("", "; charset=us-ascii", "; charset=x-unknown", "; charset=no-such-thing", "; charset="):
            field = f"Content-Type: text/plain{named}"
            yield Case(f"body {label} said to be {named or 'nothing'}", mail(field, body=text.encode(codec)), text=text)
    for claimed in ("gb2312", "big5", "iso-8859-1", "shift_jis"):
        field = f"Content-Type: text/plain; charset={claimed}"
        yield Case(f"body utf-8 said to be {claimed}", mail(field, body=ZH.encode()), text=ZH)
    yield Case(
        "body utf-8 with a mark", mail("Content-Type: text/plain; charset=gb2312", body=b"\xef\xbb\xbf" + ZH.encode())
    )
    microsoft = b"\x1b$B" + bytes([0x2D, 0x21]) + b"\x1b(B\x1b$B" + "街灯".encode("iso2022_jp")[3:-3] + b"\x1b(B"
    yield Case(
        "body iso-2022-jp with Microsoft's characters",
        mail("Content-Type: text/plain; charset=iso-2022-jp", body=microsoft),
        text="①街灯",
    )
    torn = base64.b64encode((ZH * 3).encode()).decode()
    yield Case(
        "base64 without padding",
        mail("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", body=torn.rstrip("=")),
        text=ZH * 3,
    )
    yield Case(
        "base64 with rubbish below",
        mail("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: BASE64 ", body=torn + "\r\n\r\n"),
        text=ZH * 3,
    )
    yield Case("line ends of Unix", mail(body=f"{ZH}\n再见").replace(b"\r\n", b"\n"), text=f"{ZH}\n再见")
    yield Case("an address as charset's quote", mail("Content-Type: text/plain; charset=\"utf-8'"), text=ZH)


def _subjects() -> Iterator[Case]:
    for charset, codec, text in (
        ("gb2312", "gb18030", "路灯不亮" + "喆"), ("gbk", "gbk", "路灯不亮"), ("GB18030", "gb18030", "路灯不亮㙍"),
        ("utf-8", "utf-8", "路灯不亮"), ("big5", "big5", "路燈不亮"), ("iso-2022-jp", "iso2022_jp", "街灯の件"),
        ("shift_jis", "cp932", "街灯の件"), ("euc-kr", "cp949", "가로등"), ("iso-8859-1", "cp1252", "Réverbère"),
    ):  # fmt: skip
        for way in "BQ":
            field = b"Subject: " + _word(text, codec, charset=charset, way=way)
            yield Case(f"subject {charset} {way}", mail(field, subject=False), subject=text)
        raw = b"Subject: " + text.encode(codec)
        if charset not in (
            "iso-2022-jp",
            "shift_jis",
            "iso-8859-1",
            "GB18030",
            "euc-kr",
            "gb2312",
        ):  # too short to tell
            yield Case(f"subject raw {charset}", mail(raw, subject=False), subject=text)
    halves = "路灯不亮".encode("gbk")
    cut = b" ".join(_encoded(part, "gbk") for part in (halves[:3], halves[3:]))
    long = "关于中山路十二号门前路灯长期不亮影响居民夜间出行安全的投诉"
    words = b"\r\n ".join(_encoded(long[at : at + 9].encode(), "utf-8") for at in range(0, len(long), 9))
    odd = {
        "a character cut between two words": (cut, "路灯不亮"),
        "folded over many lines": (words, long),
        "words without a space between": (words.replace(b"\r\n ", b""), long),
        "base64 without padding": (_word("路灯不", "utf-8").replace(b"=?=", b"?="), "路灯不"),
        "a space inside a Q word": (
            b"=?utf-8?Q?" + quopri.encodestring("路 灯".encode()).replace(b"\n", b"") + b"?=",
            "路 灯",
        ),
        "a language tag": (b"=?utf-8*zh-CN?B?" + base64.b64encode("路灯".encode()) + b"?=", "路灯"),
        "plain words beside": (b"[12345] " + _word("路灯", "gbk") + b" (urgent)", "[12345] 路灯 (urgent)"),
        "an unknown charset": (_word("路灯不亮了请处理", "utf-8", charset="x-none"), "路灯不亮了请处理"),
        "a word that is none": (b"=?utf-8?B?", "=?utf-8?B?"),
        "utf-8 called gb2312": (_word("路灯不亮请派人维修", "utf-8", charset="gb2312"), "路灯不亮请派人维修"),
        "a line feed smuggled in": (_word("路灯\r\nBcc: x@y.cn", "utf-8"), "路灯 Bcc: x@y.cn"),
    }
    for label, (raw, text) in odd.items():
        yield Case(f"subject: {label}", mail(b"Subject: " + raw, subject=False), subject=text)
    yield Case("no subject", mail(subject=False), subject="")


def _senders() -> Iterator[Case]:
    name = _word("张三", "gb18030", charset="gb2312")
    odd: dict[str, tuple[bytes, str]] = {
        "an encoded name": (name + b" <Zhang@Example.CN>", "Zhang@Example.CN"),
        "an encoded name in quotes": (b'"' + name + b'" <z@example.cn>', "z@example.cn"),
        "a raw name": ("张三".encode("gbk") + b" <z@example.cn>", "z@example.cn"),
        "a comma in the name": (b'"Zhang, San" <z@example.cn>', "z@example.cn"),
        "a comma without quotes": (b"Zhang, San <z@example.cn>", "z@example.cn"),
        "an address as name": (b'"bank@example.com" <z@example.cn>', "z@example.cn"),
        "a quote never closed": (b'"Zhang <z@example.cn>', "z@example.cn"),
        "a comment": (b"z@example.cn (Zhang San)", "z@example.cn"),
        "no brackets": (b"Zhang San z@example.cn", "z@example.cn"),
        "two addresses": (b"a@example.cn, b@example.cn", "a@example.cn"),
        "everything in one word": (_word("张三 <z@example.cn>", "utf-8"), "z@example.cn"),
        "a plus": (b"<z+tag@example.cn>", "z+tag@example.cn"),
        "an international address": ("张三@例子.中国".encode(), "张三@例子.中国"),
        "nobody": (b"undisclosed-recipients:;", ""),
    }
    for label, (raw, address) in odd.items():
        yield Case(f"from: {label}", mail(b"From: " + raw, sender=False), sender=address)
    yield Case("only a sender field", mail("Sender: s@example.cn", sender=False), sender="s@example.cn")


def _names() -> Iterator[Case]:
    name = "现场照片.png"
    percent = quote(name)
    fields = {
        "RFC 2231": f"Content-Disposition: attachment; filename*=utf-8''{percent}",
        "RFC 2231 in gbk": f"Content-Disposition: attachment; filename*=gbk''{quote(name.encode('gbk'))}",
        "RFC 2231 in pieces": (
            f"Content-Disposition: attachment; filename*0*=utf-8''{percent[:18]};\r\n filename*1*={percent[18:]}"
        ),
        "pieces in the wrong order": (
            f"Content-Disposition: attachment; filename*1*={percent[18:]}; filename*0*=utf-8''{percent[:18]}"
        ),
        "an encoded word in quotes": f'Content-Disposition: attachment; filename="{_word(name, "gbk").decode()}"',
        "an encoded word without quotes": f"Content-Disposition: attachment; filename={_word(name, 'utf-8').decode()}",
        "raw gbk": b'Content-Disposition: attachment; filename="' + name.encode("gbk") + b'"',
        "raw utf-8": f'Content-Disposition: attachment; filename="{name}"',
        "a path": f'Content-Disposition: attachment; filename="{name}"; size=3',
    }
    for label, field in fields.items():
        yield Case(f"file name: {label}", _mixed((field, "Content-Type: image/png"), b"abc"), files=(name,))
    yield Case(
        "file name: only in Content-Type",
        _mixed((f'Content-Type: image/png; name="{_word(name, "gbk").decode()}"',), b"abc"),
        files=(name,),
    )
    yield Case(
        "file name: out of the folder",
        _mixed(('Content-Disposition: attachment; filename="../../etc/passwd"',), b"abc"),
        files=("etc_passwd",),
    )
    yield Case("file name: none", _mixed(("Content-Type: image/png",), b"abc"), files=("attachment-1.png",))
    yield Case(
        "file name: far too long",
        _mixed((f'Content-Disposition: attachment; filename="{"长" * 300}.pdf"',), b"abc"),
        files=("长" * 108 + ".pdf",),
    )


def _structures() -> Iterator[Case]:
    page = f"<p>{ZH}</p>"
    plain = (("Content-Type: text/plain; charset=utf-8",), ZH)
    html = (("Content-Type: text/html; charset=utf-8",), page)
    picture = (("Content-Type: image/png", "Content-ID: <p1>", "Content-Disposition: inline"), b"abc")
    yield Case("alternative", _multipart("alternative", plain, html))
    yield Case("html alone", mail("Content-Type: text/html; charset=utf-8", body=page))
    yield Case(
        "html with its charset in meta",
        mail("Content-Type: text/html", body=f'<meta charset="gbk">{page}'.encode("gbk")),
    )
    yield Case("an empty plain alternative", _multipart("alternative", (plain[0], " "), html))
    yield Case("a picture in the page", _multipart("related", html, picture), files=("attachment-1.png",))
    inner = b"From: a@b.cn\r\nSubject: =?utf-8?B?" + base64.b64encode("内层".encode()) + b"?=\r\n\r\ninner words"
    yield Case(
        "a forwarded mail",
        _multipart("mixed", plain, (("Content-Type: message/rfc822",), inner)),
        text=f"{ZH}\n\n----------\nFrom: a@b.cn\nSubject: 内层\n\ninner words",
        files=("内层.eml",),
    )
    yield Case(
        "a forwarded mail in base64",
        _multipart(
            "mixed",
            plain,
            (("Content-Type: message/rfc822", "Content-Transfer-Encoding: base64"), base64.encodebytes(inner)),
        ),
        text=f"{ZH}\n\n----------\nFrom: a@b.cn\nSubject: 内层\n\ninner words",
        files=("内层.eml",),
    )
    yield Case(
        "winmail.dat",
        _multipart("mixed", plain, (("Content-Type: application/ms-tnef; name=winmail.dat",), _tnef())),
        files=("报告.txt",),
    )
    yield Case(
        "a broken winmail.dat",
        _multipart("mixed", plain, (("Content-Type: application/ms-tnef; name=winmail.dat",), b"rubbish")),
        files=("winmail.dat",),
    )
    lines = [
        *("BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "SUMMARY:现场查", " 看"),
        *("DTSTART;TZID=Asia/Shanghai:20261123T100000", "DTEND:20261123T030000Z", "LOCATION:中山路\\, 12 号"),
        *("ORGANIZER;CN=李四:mailto:li@example.cn", "END:VEVENT", "END:VCALENDAR"),
    ]
    event = "\r\n".join(lines)
    shown = (
        "📅 现场查看\n🕘 2026-11-23 10:00 Asia/Shanghai – 2026-11-23 03:00 UTC\n"
        "📍 中山路, 12 号\n👤 李四 <li@example.cn>"
    )
    yield Case(
        "an invitation",
        _multipart("alternative", plain, (("Content-Type: text/calendar; charset=utf-8; method=REQUEST",), event)),
        text=f"{ZH}\n\n{shown}",
        files=("invite.ics",),
    )
    uuencoded = "begin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n"
    yield Case("uuencoded in the text", mail(body=f"{ZH}\r\n{uuencoded}"), files=("a.txt",))
    whole = _multipart("mixed", plain, (("Content-Type: image/png; name=a.png",), b"abc"))
    yield Case("no closing delimiter", whole.replace(b"--cut--", b""), files=("a.png",))
    yield Case("a boundary that is not used", whole.replace(b"boundary=cut", b"boundary=other"), files=("a.png",))
    yield Case("no boundary named", whole.replace(b"; boundary=cut", b""), files=("a.png",))
    yield Case("a boundary with blanks behind", whole.replace(b"\r\n--cut\r\n", b"\r\n--cut  \r\n"), files=("a.png",))
    yield Case(
        "words before the first part",
        whole.replace(b"\r\n\r\n--cut", b"\r\n\r\nThis is MIME\r\n--cut", 1),
        files=("a.png",),
    )
    yield Case("no empty line below the header", mail().replace(b"\r\n\r\n", b"\r\n \r\n"))
    yield Case("a line of the header that is none", mail("this is no field"))
    yield Case("mbox's first line", b"From lin Mon Nov 23 10:00:00 2026\r\n" + mail())
    deep = ZH.encode()
    fields = b"Content-Type: text/plain; charset=utf-8"
    for level in range(10):
        deep = b"--b%d\r\n%s\r\n\r\n%s\r\n--b%d--" % (level, fields, deep, level)
        fields = b"Content-Type: multipart/mixed; boundary=b%d" % level
    yield Case("ten parts inside each other", mail(fields, body=deep))
    flowed = "您好， \r\n中山路十二号\r\n门前"
    yield Case(
        "flowed lines",
        mail("Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes", body=flowed),
        text="您好，中山路十二号\n门前",
    )
    yield Case("no body", mail(body=""), text="")
    yield Case(
        "only a file", mail("Content-Type: application/pdf; name=a.pdf", body=b"%PDF"), text="", files=("a.pdf",)
    )
    signed = _multipart("signed", plain, (("Content-Type: application/pkcs7-signature; name=smime.p7s",), b"x"))
    yield Case("signed", signed, files=("smime.p7s",))


def _quotes() -> Iterator[Case]:
    old = "旧的内容"
    block = f"发件人: 热线\r\n发送时间: 2026年11月22日 10:00\r\n收件人: 林\r\n主题: 路灯\r\n\r\n{old}"
    styles = {
        "QQ": f"------------------ 原始邮件 ------------------\r\n{block}",
        "QQ on a telephone": f"---原始邮件---\r\n{block}",
        "QQ of today": (
            f'Original Email\r\nSender:"hotline"< h@example.cn >;\r\nSent Time:2026/11/22 10:00\r\n'
            f'To:"Lin"< lin@example.cn >;\r\nSubject:路灯\r\n{old}'
        ),
        "NetEase's mail master": (
            f"| |\r\n林\r\n|\r\n|\r\n邮箱：lin@163.com\r\n|\r\n\r\n"
            f"---- 回复的原邮件 ----\r\n| 发件人 | 热线<h@example.cn> |\r\n| 日期 | 2026年11月22日 |\r\n{old}"
        ),
        "Aliyun": f"{'-' * 66}\r\n{block}",
        "139": f"----邮件原文----\r\n{block}",
        "163": f"---- 回复的原邮件 ----\r\n| 发件人 | 热线 |\r\n{old}",
        "163 on the web": f'在 2026-11-22 10:00:00，"热线" <hotline@example.cn> 写道：\r\n{old}',
        "163 of old": f'At 2026-11-22 10:00:00, "hotline" <hotline@example.cn> wrote:\r\n>{old}',
        "Foxmail": f"发件人： 热线\r\n发送时间： 2026-11-22 10:00\r\n收件人： 林\r\n主题： 路灯\r\n{old}",
        "Outlook": (
            f"________________________________\r\nFrom: Hotline <h@example.cn>\r\nSent: Sunday\r\nTo: Lin\r\n"
            f"Subject: 路灯\r\n\r\n{old}"
        ),
        "Outlook of old": f"-----Original Message-----\r\nFrom: Hotline\r\n{old}",
        "Gmail": f"热线 <hotline@example.cn> 于2026年11月22日周日 10:00写道：\r\n\r\n> {old}",
        "Gmail in English": f"On Sun, Nov 22, 2026 at 10:00 AM Hotline <hotline@example.cn>\r\nwrote:\r\n\r\n> {old}",
        "Gmail in Japanese": f"2026年11月22日(日) 10:00 窓口 <hotline@example.cn>:\r\n\r\n> {old}",
        "iPhone": (f"发自我的iPhone\r\n\r\n> 在 2026年11月22日，10:00，热线 <h@example.cn> 写道：\r\n> \r\n> {old}"),
        "a telephone's signature": f"发自我的华为手机\r\n-------- 原始邮件 --------\r\n{block}",
        "a signature": f"-- \r\n林\r\n{old}",
        "Taiwan's Outlook": f"寄件者: 熱線\r\n傳送日期: 2026年11月22日\r\n收件者: 林\r\n主旨: 路燈\r\n{old}",
        "marks alone": f"> {old}\r\n> {old}",
    }
    for label, repeated in styles.items():
        yield Case(f"reply: {label}", mail(body=f"{ZH}\r\n\r\n{repeated}"), quoted=old)
    yield Case("reply below the quotation", mail(body=f"On Sunday, x wrote:\r\n> {old}\r\n\r\n{ZH}"), quoted=old)
    between = f"> {old}\r\n{ZH}\r\n> {old}二\r\n好的"
    yield Case("answers between the lines", mail(body=between), text=between.replace("\r\n", "\n"))
    said = "他在信里写道：\r\n路灯不亮"
    yield Case("somebody wrote, no quotation", mail(body=said), text=said.replace("\r\n", "\n"))


def _pages() -> Iterator[Case]:
    hostile = {
        "a script": f"<script>alert(1)</script><p>{ZH}</p>",
        "a script in a tag": f'<p onclick="x()">{ZH}<img src=x onerror=alert(1)></p>',
        "a style sheet": f"<style>p{{background:url(http://x)}}</style><p>{ZH}</p>",
        "a frame": f'<iframe src="http://x"></iframe><p>{ZH}</p>',
        "a form": f'<form action="http://x"><input></form><p>{ZH}</p>',
        "a javascript link": f'<p><a href="javascript:alert(1)">{ZH}</a></p>',
        "markup never closed": f"<div><table><tr><td><b>{ZH}",
        "a comment that hides": f"<!--[if mso]><p>no</p><![endif]--><p>{ZH}</p>",
        "a base": f'<base href="http://x/"><p>{ZH}</p>',
        "mathematics that turn": (
            f"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></mtext></math><p>{ZH}</p>"
        ),
    }
    for label, page in hostile.items():
        yield Case(f"page: {label}", mail("Content-Type: text/html; charset=utf-8", body=page))
    table = "<table><tr><td>姓名</td><td>林</td></tr><tr><td>电话</td><td>138</td></tr></table>"
    yield Case("page: a table", mail("Content-Type: text/html; charset=utf-8", body=table), text="姓名  林\n电话  138")
    quoted = f"<p>{ZH}</p><blockquote><p>旧的</p></blockquote>"
    yield Case("page: a quotation", mail("Content-Type: text/html; charset=utf-8", body=quoted), quoted="旧的")
    link = '<p>见 <a href="https://example.cn/a">这里</a></p>'
    yield Case(
        "page: a link", mail("Content-Type: text/html; charset=utf-8", body=link), text="见 这里 <https://example.cn/a>"
    )


def _automatic() -> Iterator[Case]:
    for field in (
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; x=y", "Precedence: bulk", "Precedence: list",
        "X-Autoreply: yes", "List-Id: <news.example.cn>", "X-Auto-Response-Suppress: All", "Return-Path: <>",
        "List-Unsubscribe: <mailto:x@y.cn>",
    ):  # fmt: skip
        yield Case(f"automatic: {field}", mail(field), is_automatic=True)
    for address in (
        "mailer-daemon@example.cn",
        "no-reply@example.cn",
        "noreply-news@example.cn",
        "hotline@lianxin.test",
    ):
        yield Case(
            f"automatic: from {address}", mail(f"From: {address}", sender=False), sender=address, is_automatic=True
        )
    away = b"Subject: " + _word("自动回复: 休假中", "gbk")
    yield Case("automatic: by its subject", mail(away, subject=False), subject="自动回复: 休假中", is_automatic=True)
    yield Case("a person after all", mail("Auto-Submitted: no", "Precedence: normal"))


def _word(text: str, codec: str, *, charset: str = "", way: str = "B") -> bytes:
    return _encoded(text.encode(codec), charset or codec, way)


def _encoded(data: bytes, charset: str, way: str = "B") -> bytes:
    content = base64.b64encode(data) if way == "B" else b"".join(b"=%02X" % byte for byte in data)
    return b"=?%s?%s?%s?=" % (charset.encode(), way.encode(), content)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _part(fields: tuple[str | bytes, ...], body: str | bytes) -> bytes:
    return b"\r\n".join([*map(_bytes, fields), b"", _bytes(body)])


def _multipart(kind: str, *parts: tuple[tuple[str | bytes, ...], str | bytes]) -> bytes:
    sections = b"".join(b"--cut\r\n" + _part(*part) + b"\r\n" for part in parts)
    return mail(f"Content-Type: multipart/{kind}; boundary=cut", body=sections + b"--cut--")


def _mixed(fields: tuple[str | bytes, ...], body: bytes) -> bytes:
    return _multipart("mixed", (("Content-Type: text/plain; charset=utf-8",), ZH), (fields, body))


def _tnef() -> bytes:
    def attribute(level: int, kind: int, value: bytes) -> bytes:
        return struct.pack("<BHHI", level, kind, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    name = "报告.txt".encode("utf-16-le") + b"\0\0"
    padded = name + b"\0" * (-len(name) % 4)
    properties = struct.pack("<IHHII", 1, 0x001F, 0x3707, 1, len(name)) + padded
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(
        (
            attribute(2, 0x9002, b"\0" * 14),
            attribute(2, 0x8010, b"REPORT~1.TXT\0"),
            attribute(2, 0x800F, b"abc"),
            attribute(2, 0x9005, properties),
        )
    )
