"""Carries out for a caller what a flow asks for: speaking, waiting in silence, recording, connecting, ending."""

from core.flow import AnyAction, Flow, Say, SetTimer, StartRecording, State, Transfer
from hub.calls.live_call import LiveCall
from hub.calls.plans import CallPlans
from hub.calls.put_aside import come_back, tell_collected
from hub.calls.reading import fragments
from hub.calls.utterances import Piece
from hub.conversing import timeline
from hub.i18n import text as catalogue
from hub.store.models import Conversation
from hub.units import Unit


class CallSteps:
    """What steps of flows do where there is a voice; everything else they do as in text."""

    def __init__(self, plans: CallPlans) -> None:
        self._plans = plans

    async def live(self, unit: Unit, conversation: Conversation) -> LiveCall | None:
        """Return the call by which the person of this conversation is on the line, if any."""
        return await self._plans.of(unit, conversation)

    def do(self, unit: Unit, live: LiveCall, action: AnyAction) -> bool:
        """Carry out one action; False when it is none for the voice."""
        conversation = live.conversation
        match action:
            case Say():
                timeline.add_spoken(unit, conversation, action.text, author_kind="flow")
                for piece in pieces(action):
                    live.say(piece, can_interrupt=action.can_interrupt)
            case SetTimer() if live.is_speaking:
                live.then("timer", seconds=action.seconds, turn=action.turn)  # of silence: it begins after the words
            case StartRecording():
                live.then("record", seconds=action.max_s, turn=action.turn)
            case Transfer():
                live.then("transfer", number=action.number, turn=action.turn)
            case _:
                return False
        return True

    def hang_up(self, live: LiveCall) -> None:
        """End the call once everything has been said."""
        live.then("hang_up")

    def come_back(self, unit: Unit, live: LiveCall, flow: Flow, state: State) -> None:
        """Bring the citizen back to the agent who sent them into ``flow``, once everything has been said."""
        tell_collected(unit, live.conversation, flow, state)
        come_back(unit, live)
        live.then("back")

    def announce(self, unit: Unit, live: LiveCall, text: str) -> None:
        """Tell the caller something that no flow says."""
        timeline.add_spoken(unit, live.conversation, text, author_kind="system")
        live.say(Piece(text=text, language=timeline.language_of(live.conversation)), can_interrupt=False)


def pieces(say: Say) -> list[Piece]:
    """Return what is spoken for ``say``, in fragments that other values and other callers share."""
    said = fragments(say.text, say.readings, say.language)
    if say.prompt:  # a recording is of the whole, and names its keys itself
        return [
            Piece(
                text=" ".join(said) if say.language == "en" else "".join(said), language=say.language, prompt=say.prompt
            )
        ]
    if say.may_say:
        said.append(catalogue("voice.say_or_press", say.language))
    for choice in say.choices:
        said.append(catalogue("voice.choice", say.language, label=choice.label, digit=choice.key))
    return [Piece(text=words, language=say.language) for words in said]
