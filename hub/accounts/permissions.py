"""Every permission there is, and the roles a new installation starts with."""

from typing import Final

PERMISSIONS: Final[dict[str, str]] = {
    "desk.use": "log in as an agent, take offers and serve conversations",
    "queue.pick": "pick waiting work out of turn",
    "queue.all": "see every queue and its conversations",
    "conversation.takeover": "write in and move conversations of other agents",
    "call.make": "call citizens and numbers outside",
    "call.desk_phone": "have an account for a SIP desk phone",
    "call.outside_phone": "take calls on a number outside, such as a mobile",
    "call.listen": "listen to calls of other agents",
    "call.whisper": "speak to the agent of a call, unheard by the citizen",
    "call.barge": "join the call of another agent",
    "call.record": "begin and end recordings of calls",
    "recording.find": "find recordings of calls in one's queues",
    "recording.download": "take recordings away as files",
    "recording.manage": "hold and delete recordings, decide how long they are kept",
    "agent.control": "set the state of other agents, lock them, log them out, take and assign their work",
    "wallboard.view": "see the wallboard and acknowledge its alarms",
    "wallboard.edit": "change the rules of the alarms",
    "bulletin.publish": "publish and withdraw bulletins, see who has read them",
    "contact.edit": "edit contacts",
    "contact.link": "add and take away addresses of contacts, merge contacts",
    "contact.block": "block and unblock contacts",
    "conversation.start": "write to citizens first",
    "outreach.templates": "manage templates, canned replies and subscription topics, approve templates",
    "outreach.send": "send bulk messages, keep the do-not-contact list",
    "address.reveal": "see whole phone numbers",
    "transcript.numbers": "see identity, phone and card numbers in transcripts",
    "knowledge.restricted": "read restricted articles",
    "knowledge.edit": "write articles, categories and synonyms, work through reports",
    "knowledge.publish": "check and publish articles",
    "quality.rules": "change the service rules",
    "quality.review": "score the conversations one is asked to",
    "quality.manage": "set up score sheets and sampling, settle differing scores and appeals, see every result",
    "quality.appeal": "appeal against one's own results",
    "admin.users": "manage users and roles",
    "admin.queues": "manage queues, skills, calendars and codes",
    "admin.plugins": "enable, configure and disable plugins",
    "admin.flows": "edit and publish flows",
    "admin.system": "see the system's state and parked messages",
    "admin.audit": "read the audit log",
    "admin.configuration": "export and apply the whole configuration, users and roles included",
    "admin.backups": "make, download and delete backups, see the recovery code",
}

ROLES: Final[dict[str, tuple[dict[str, str], tuple[str, ...]]]] = {
    "agent": (
        {"zh": "坐席", "en": "Agent"},
        ("desk.use", "contact.edit", "contact.link", "conversation.start", "call.make", "quality.appeal"),
    ),
    "supervisor": (
        {"zh": "班长", "en": "Supervisor"},
        (
            "desk.use",
            "contact.edit",
            "contact.link",
            "conversation.start",
            "outreach.templates",
            "outreach.send",
            "contact.block",
            "call.make",
            "call.desk_phone",
            "call.outside_phone",
            "queue.pick",
            "queue.all",
            "conversation.takeover",
            "call.listen",
            "call.whisper",
            "call.barge",
            "call.record",
            "recording.find",
            "agent.control",
            "wallboard.view",
            "wallboard.edit",
            "bulletin.publish",
            "address.reveal",
            "transcript.numbers",
            "knowledge.restricted",
            "knowledge.edit",
            "quality.review",
        ),
    ),
    "quality": (
        {"zh": "质检员", "en": "Quality"},
        (
            "desk.use",
            "queue.all",
            "recording.find",
            "transcript.numbers",
            "quality.rules",
            "quality.review",
            "quality.manage",
        ),
    ),
    "editor": (
        {"zh": "知识管理员", "en": "Knowledge editor"},
        ("desk.use", "knowledge.restricted", "knowledge.edit", "knowledge.publish"),
    ),
    "admin": ({"zh": "系统管理员", "en": "Administrator"}, tuple(PERMISSIONS)),
}


def effective(role_permissions: list[list[str]], granted: list[str], denied: list[str]) -> frozenset[str]:
    """Return what a user may do: the roles' permissions, plus granted ones, minus denied ones."""
    together = {permission for permissions in role_permissions for permission in permissions}
    return frozenset((together | set(granted)) - set(denied)) & PERMISSIONS.keys()
