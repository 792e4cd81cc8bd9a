"""Mails that come back without a delivery report in the form of RFC 3464, and what one hotline thinks of another's."""

from typing import Literal

import pytest

from core.events import Mail, SendMessage
from plugins.email.compose import compose
from plugins.email.config import EmailConfig, SmtpSettings
from plugins.email.tokens import Tokens
from plugins.email.wire import Ours, parse
from tests.plugins.email.corpus import mail

OURS = Ours(addresses=frozenset({"hotline@lianxin.test"}))
CONFIG = EmailConfig(address="hotline@lianxin.test", smtp=SmtpSettings(host="mx"))
SenderKind = Literal["agent", "flow", "system"]
SENT = "<lx.0123456789.abcdef@lianxin.test>"
EXIM = f"""A message that you sent could not be delivered to one or more of its recipients.
  lin@example.cn
    550 Mailbox not found

------ This is a copy of the message, including all the headers. ------

Return-path: <hotline@lianxin.test>
Message-ID: {SENT}
Subject: x
"""
QMAIL = f"""Hi. This is the qmail-send program at mx. I'm afraid I wasn't able to deliver your message.
<lin@example.cn>:
user not found

--- Below this line is a copy of the message.

Message-Id:
 {SENT}
"""
NAMED = SENT.replace("<", "&lt;").replace(">", "&gt;")
PAGE = f"""<p>很抱歉您发送的邮件被退回，以下是该邮件的相关信息：</p><p>退信原因：收件人邮箱地址不存在
550 5.1.1 user does not exist</p><table><tr><td>Message-ID: {NAMED}</td></tr></table>"""


@pytest.mark.parametrize(
    ("sender", "fields", "body"),
    [
        ("lin@example.cn", ("X-Failed-Recipients: lin@example.cn", "Subject: Mail delivery failed"), EXIM),
        ("MAILER-DAEMON@mx.example.cn", ("Subject: failure notice",), QMAIL),
        ("PostMaster@qq.com", ("Subject: 系统退信/Systems bounce", "Content-Type: text/html; charset=utf-8"), PAGE),
    ],
    ids=["Exim", "qmail", "a page in Chinese"],
)
def test_a_returned_mail_without_a_report_names_the_message(sender: str, fields: tuple[str, ...], body: str) -> None:
    raw = mail(f"From: {sender}", *fields, body=body, subject=False, sender=False)
    report = parse(raw, OURS).report
    assert report is not None
    assert (report.outcome, report.code) == ("failed", "no_such_mailbox")
    assert SENT in report.message_ids
    assert "<p>" not in report.reason


@pytest.mark.parametrize("sender_kind", ["system", "flow", "agent"])
@pytest.mark.parametrize("references", [(), ("<a-question-of-somebody@example.cn>",)])
def test_what_one_hotline_sends_by_itself_another_takes_for_automatic(
    sender_kind: SenderKind, references: tuple[str, ...]
) -> None:
    order = SendMessage(
        message_id="m-1",
        recipient="mailto:other@hotline.test",
        text="已收到您的来信",
        sender_kind=sender_kind,
        mail=Mail(subject="回复: 路灯", references=references),
    )
    raw = compose(order, CONFIG, Tokens(b"k" * 32), [])
    assert parse(raw, Ours(addresses=frozenset({"other@hotline.test"}))).is_automatic == (sender_kind != "agent")
