"""The self-service flow language and its pure interpreter: one flow for chat and phone."""

from core.flow.actions import (
    Action,
    AnyAction,
    AskCalendar,
    End,
    Enqueue,
    HandOver,
    Rated,
    Reading,
    Say,
    SetTimer,
    StartLookup,
    StartRecording,
    TakeMessage,
    Transfer,
)
from core.flow.decode import decode_flow, encode_flow
from core.flow.inputs import (
    AnyInput,
    CalendarAnswered,
    Input,
    Keyed,
    LookedUp,
    PersonLeft,
    QueueLeft,
    Recorded,
    Said,
    TimedOut,
    TransferEnded,
)
from core.flow.interpreter import advance, resume, start
from core.flow.lint import FlowFault, Surroundings, lint
from core.flow.render import render
from core.flow.state import State, Visit
from core.flow.steps import Flow, Node

__all__ = [
    "Action",
    "AnyAction",
    "AnyInput",
    "AskCalendar",
    "CalendarAnswered",
    "End",
    "Enqueue",
    "Flow",
    "FlowFault",
    "HandOver",
    "Input",
    "Keyed",
    "LookedUp",
    "Node",
    "PersonLeft",
    "QueueLeft",
    "Rated",
    "Reading",
    "Recorded",
    "Said",
    "Say",
    "SetTimer",
    "StartLookup",
    "StartRecording",
    "State",
    "Surroundings",
    "TakeMessage",
    "TimedOut",
    "Transfer",
    "TransferEnded",
    "Visit",
    "advance",
    "decode_flow",
    "encode_flow",
    "lint",
    "render",
    "resume",
    "start",
]
