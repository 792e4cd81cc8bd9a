"""The self-service flow language: a versioned graph of steps, the same for chat and phone."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct

MAX_FLOW_BYTES: Final = 2_000_000
MAX_NODES: Final = 2_000
MAX_TEXT_CHARS: Final = 4_000

NAME_PATTERN: Final = r"^[a-z][a-z0-9_]{0,39}\Z"
TOKEN_PATTERN: Final = r"^[a-z0-9_-]{1,64}\Z"  # noqa: S105 - a subject token

Name: TypeAlias = Annotated[str, Meta(pattern=NAME_PATTERN)]
OptionalName: TypeAlias = Annotated[str, Meta(pattern=rf"^\Z|{NAME_PATTERN}")]
Token: TypeAlias = Annotated[str, Meta(pattern=TOKEN_PATTERN)]
OPTIONAL_TOKEN_PATTERN: Final = rf"^\Z|{TOKEN_PATTERN}"
# "x-ref" tells the editor's form what kind of thing is named, "x-localized" that there is a text for each language
NodeId: TypeAlias = Annotated[str, Meta(pattern=TOKEN_PATTERN, extra_json_schema={"x-ref": "node"})]
OptionalNodeId: TypeAlias = Annotated[str, Meta(pattern=OPTIONAL_TOKEN_PATTERN, extra_json_schema={"x-ref": "node"})]
QueueId: TypeAlias = Annotated[str, Meta(pattern=TOKEN_PATTERN, extra_json_schema={"x-ref": "queue"})]
CalendarId: TypeAlias = Annotated[str, Meta(pattern=TOKEN_PATTERN, extra_json_schema={"x-ref": "calendar"})]
ConnectorId: TypeAlias = Annotated[str, Meta(pattern=TOKEN_PATTERN, extra_json_schema={"x-ref": "connector"})]
ChannelId: TypeAlias = Annotated[str, Meta(pattern=TOKEN_PATTERN, extra_json_schema={"x-ref": "channel"})]
FlowId: TypeAlias = Annotated[str, Meta(pattern=TOKEN_PATTERN, extra_json_schema={"x-ref": "flow"})]
TemplateId: TypeAlias = Annotated[str, Meta(pattern=OPTIONAL_TOKEN_PATTERN, extra_json_schema={"x-ref": "template"})]
Key: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9A-Za-z*#]{1,4}\Z")]
Language: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?\Z")]
Words: TypeAlias = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
Template: TypeAlias = Annotated[str, Meta(max_length=1_000)]
Text: TypeAlias = Annotated[dict[Language, Words], Meta(max_length=12, extra_json_schema={"x-localized": True})]
Synonyms: TypeAlias = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=60)], ...], Meta(max_length=100)]
Seconds: TypeAlias = Annotated[float, Meta(ge=1, le=86_400)]
Retries: TypeAlias = Annotated[int, Meta(ge=0, le=10)]
Priority: TypeAlias = Annotated[int, Meta(ge=0, le=100)]
Skills: TypeAlias = Annotated[dict[Token, Annotated[int, Meta(ge=1, le=5)]], Meta(max_length=20)]
Shown: TypeAlias = Annotated[tuple[Name, ...], Meta(max_length=50)]
Pixels: TypeAlias = Annotated[int, Meta(ge=-100_000, le=100_000)]

AnswerKind = Literal["text", "digits", "number", "date", "phone", "id_number", "email", "yes_no"]
Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "starts_with", "set", "unset"]
QueueEnd = Literal["served", "full", "closed", "timed_out"]

HUMAN_WORDS: Final = (
    "0", "人工", "转人工", "人工服务", "人工客服", "人工坐席", "人工座席", "转人工服务", "转人工客服",
    "找人工", "接人工", "真人",
    "agent", "human", "operator", "representative", "talk to a human", "speak to a human", "talk to an agent",
    "speak to an agent", "real person", "human agent", "live agent",
)  # fmt: skip


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of everything a flow is written in: immutable, and a misspelt field is a fault."""


class Step(Part, frozen=True, kw_only=True, tag_field="step"):
    """Base of the steps; a target of ``""`` means the interpreter's default."""


class Asking(Step, frozen=True, kw_only=True):
    """Base of the steps that wait for a person.

    A wrong or missing answer uses up one of ``retries``; the last one leads to ``otherwise`` (default: a person) when
    it was wrong, to ``on_timeout`` (default: the end) when there was none. ``voice_timeout_s`` replaces ``timeout_s``
    where variable ``medium`` is ``voice``; ``prompt`` names a recording to play there in place of the text.
    """

    text: Text
    prompt: str = ""
    retry_text: Text = {}
    retries: Retries = 2
    timeout_s: Seconds | None = None
    voice_timeout_s: Seconds = 8
    on_timeout: OptionalNodeId = ""
    otherwise: OptionalNodeId = ""


class SayStep(Step, frozen=True, kw_only=True, tag="say"):
    """Tell something and go on; ``can_interrupt`` lets a caller's key cut the voice short."""

    text: Text
    goto: NodeId
    prompt: str = ""
    can_interrupt: bool = True


class AskStep(Asking, frozen=True, kw_only=True, tag="ask"):
    """Keep an answer of ``kind`` in ``variable``, normalised; lengths in characters, bounds for numbers only."""

    variable: Name
    goto: NodeId
    kind: AnswerKind = "text"
    min_length: Annotated[int, Meta(ge=1, le=2_000)] = 1
    max_length: Annotated[int, Meta(ge=1, le=2_000)] = 500
    minimum: float | None = None
    maximum: float | None = None
    is_secret: bool = False


class Option(Part, frozen=True, kw_only=True):
    """One way out of a menu, taken by key, button, label or synonym."""

    key: Key
    label: Text
    goto: NodeId
    synonyms: Synonyms = ()


class MenuStep(Asking, frozen=True, kw_only=True, tag="menu"):
    """Let a person choose; the chosen key is kept in ``variable`` when that is named.

    Where it ``is_spoken``, a caller may say a choice as well as press its key, if somebody listens to calls.
    """

    choices: Annotated[tuple[Option, ...], Meta(min_length=1, max_length=30)]
    variable: OptionalName = ""
    is_spoken: bool = False


class Comparison(Part, frozen=True, kw_only=True):
    """One test of a variable: as numbers when both sides are, else as text; ``value`` may hold placeholders."""

    variable: Name
    op: Operator
    value: Template = ""
    values: Annotated[tuple[Template, ...], Meta(max_length=200)] = ()


class Case(Part, frozen=True, kw_only=True):
    """A way taken when all comparisons of ``when`` hold; "any" is several cases with one target."""

    when: Annotated[tuple[Comparison, ...], Meta(min_length=1, max_length=20)]
    goto: NodeId


class BranchStep(Step, frozen=True, kw_only=True, tag="branch"):
    """Take the first case that holds."""

    cases: Annotated[tuple[Case, ...], Meta(min_length=1, max_length=50)]
    otherwise: NodeId


class SetStep(Step, frozen=True, kw_only=True, tag="set"):
    """Fill variables from templates, all from the values before the step."""

    values: Annotated[dict[Name, Template], Meta(min_length=1, max_length=50)]
    goto: NodeId


class LookupStep(Step, frozen=True, kw_only=True, tag="lookup"):
    """Have the hub ask a connector; ``results`` names the variable for each field of the answer that is kept."""

    connector: ConnectorId
    goto: NodeId
    on_failure: NodeId
    on_missing: OptionalNodeId = ""
    params: Annotated[dict[Name, Template], Meta(max_length=50)] = {}
    results: Annotated[dict[Name, Name], Meta(max_length=50)] = {}
    timeout_s: Seconds = 10


class AnswerStep(Step, frozen=True, kw_only=True, tag="answer"):
    """Answer ``question`` from the knowledge base where that is sure; the article's title is kept in ``variable``.

    Where it is not, ``near_text`` asks a person who writes which of the nearest articles they mean.
    """

    goto: NodeId
    on_unsure: NodeId
    near_text: Text = {}
    question: Template = "{said}"
    variable: OptionalName = ""
    timeout_s: Seconds = 5


class CalendarStep(Step, frozen=True, kw_only=True, tag="calendar"):
    """Go by a business calendar; a holiday without its own way is a closed day."""

    calendar: CalendarId
    open: NodeId
    closed: NodeId
    holiday: OptionalNodeId = ""


class QueueStep(Step, frozen=True, kw_only=True, tag="queue"):
    """Hand to people; ``show`` names the variables an agent sees, ``on`` where to go when the queue is left.

    Of ``queue_id`` and ``or_queues`` it is the one with the least to do for each of its agents. ``agent`` is the work
    number of the one who is asked for, served by others when they are not there.
    """

    queue_id: QueueId
    or_queues: Annotated[tuple[QueueId, ...], Meta(max_length=20)] = ()
    agent: Template = ""
    text: Text = {}
    prompt: str = ""
    priority: Priority = 0
    skills: Skills = {}
    show: Shown = ()
    on: dict[QueueEnd, NodeId] = {}


class TakeMessageStep(Asking, frozen=True, kw_only=True, tag="take_message"):
    """Take a written or spoken message that becomes work for ``queue_id``."""

    queue_id: QueueId
    goto: NodeId
    variable: OptionalName = ""
    priority: Priority = 0
    skills: Skills = {}
    show: Shown = ()
    max_voice_s: Annotated[float, Meta(ge=5, le=600)] = 120


class Grade(Part, frozen=True, kw_only=True):
    """One answer to a request for a rating; higher scores are better."""

    key: Key
    label: Text
    score: Annotated[int, Meta(ge=1, le=10)]
    synonyms: Synonyms = ()


class RateStep(Asking, frozen=True, kw_only=True, tag="rate"):
    """Ask how it was, and for words too when ``comment_text`` is given and the score at most ``comment_up_to``."""

    grades: Annotated[tuple[Grade, ...], Meta(min_length=2, max_length=10)]
    goto: NodeId
    variable: OptionalName = ""
    comment_text: Text = {}
    comment_up_to: Annotated[int, Meta(ge=1, le=10)] = 10


class TransferStep(Step, frozen=True, kw_only=True, tag="transfer"):
    """Connect to an outside number; channels without calls answer that it failed."""

    number: Template
    on_failure: NodeId
    text: Text = {}
    prompt: str = ""
    goto: OptionalNodeId = ""


class SendStep(Step, frozen=True, kw_only=True, tag="send"):
    """Send words over another channel: ``channel`` is an address scheme or an instance, ``recipient`` an address.

    The words are ``text`` or those of template ``template_id``; where nothing was sent, ``on_failure`` is the way.
    Where ``answers_follow``, what people answer goes there as well from now on.
    """

    channel: ChannelId
    recipient: Template
    goto: NodeId
    text: Text = {}
    subject: Text = {}
    template_id: TemplateId = ""
    answers_follow: bool = False
    on_failure: OptionalNodeId = ""


class HandOverStep(Step, frozen=True, kw_only=True, tag="hand_over"):
    """Go on in another flow, at ``node`` or at its start, with all variables."""

    flow: FlowId
    node: Annotated[str, Meta(pattern=OPTIONAL_TOKEN_PATTERN)] = ""


class EndStep(Step, frozen=True, kw_only=True, tag="end"):
    """Finish; ``reason`` is a stable word for reports and for the caller of the flow."""

    text: Text = {}
    prompt: str = ""
    reason: Token = "done"


Node: TypeAlias = (
    SayStep
    | AskStep
    | MenuStep
    | BranchStep
    | SetStep
    | LookupStep
    | AnswerStep
    | CalendarStep
    | QueueStep
    | TakeMessageStep
    | RateStep
    | TransferStep
    | SendStep
    | HandOverStep
    | EndStep
)


class Flow(Part, frozen=True, kw_only=True):
    """A graph of steps; ``human`` is the node that leads to people, ``human_words`` what a person says to get there.

    ``languages`` starts with the default one, ``variables`` are those the starter hands in, ``variable_titles`` what
    agents read for those they are shown, ``entries`` further nodes where an agent or another flow may start,
    ``layout`` the places (x, y) that the editor draws nodes at.
    """

    name: Token
    start: NodeId
    nodes: Annotated[dict[NodeId, Node], Meta(min_length=1, max_length=MAX_NODES)]
    version: Annotated[int, Meta(ge=0)] = 0
    title: Text = {}
    human: OptionalNodeId = ""
    human_words: Synonyms = HUMAN_WORDS
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=12)] = ("zh", "en")
    variables: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    variable_titles: Annotated[dict[Name, Text], Meta(max_length=100)] = {}
    entries: Annotated[tuple[NodeId, ...], Meta(max_length=100)] = ()
    layout: Annotated[dict[NodeId, tuple[Pixels, Pixels]], Meta(max_length=MAX_NODES)] = {}


_WAYS: Final = (
    "goto", "otherwise", "on_timeout", "on_failure", "on_missing", "on_unsure", "open", "closed", "holiday",
)  # fmt: skip


def targets(node: Node) -> Iterator[tuple[str, str]]:
    """Yield (field, target) for every way out that ``node`` names."""
    match node:
        case MenuStep():
            for index, choice in enumerate(node.choices):
                yield f"choices[{index}].goto", choice.goto
        case BranchStep():
            for index, branch in enumerate(node.cases):
                yield f"cases[{index}].goto", branch.goto
        case QueueStep():
            for end, target in node.on.items():
                yield f"on.{end}", target
        case _:
            pass
    for field in _WAYS:
        target = getattr(node, field, "")
        if target:
            yield field, target
