"""Takes what a person says, keys, records, or leaves unsaid, for the answer a flow waits for."""

from typing import Final

from core.flow.actions import Rated, TakeMessage
from core.flow.answers import accepted
from core.flow.inputs import Keyed, Recorded, Said
from core.flow.matching import asks_for_human, chosen
from core.flow.run import Run, encodable
from core.flow.state import FROM_PERSON
from core.flow.steps import (
    MAX_TEXT_CHARS,
    AnswerStep,
    Asking,
    AskStep,
    Flow,
    Grade,
    MenuStep,
    Option,
    RateStep,
    TakeMessageStep,
)

MAX_KEYS: Final = 32  # pressed in one input
MAX_MEDIA: Final = 20  # sent with one message
MIN_MESSAGE_S: Final = 1.0

_FULL_LENGTHS: Final = {"id_number": 18, "date": 8, "yes_no": 1}


def hear(run: Run, given: Said | Keyed | Recorded) -> None:
    """Take what a person did; while a machine is asked, only the wish for a person counts."""
    if run.awaiting in {"lookup", "knowledge", "calendar"} and not run.seeks_human:
        if _wants_human(run.flow, given):
            run.unattended = 0
            run.go_to_human()
        return
    if run.awaiting not in FROM_PERSON:
        return
    run.unattended = 0
    match given:
        case Keyed():
            for key in [char for char in given.digits[: MAX_KEYS * 4] if char in "0123456789*#"][:MAX_KEYS]:
                if run.awaiting in FROM_PERSON:
                    _press(run, key)
        case Said():
            _listen(run, given)
        case Recorded() if given.turn == run.turn:
            _take_recording(run, given)
        case Recorded():
            pass


def hear_nothing(run: Run) -> None:
    """Take the end of a pause: keys pressed before it are the answer, else there is none."""
    node = run.node
    if isinstance(node, RateStep) and run.awaiting == "comment":
        run.walk(node.goto)
    elif run.digits:
        _finish_keys(run)
    else:
        _fail(run, is_silent=True)


def _wants_human(flow: Flow, given: Said | Keyed | Recorded) -> bool:
    if flow.human not in flow.nodes:
        return False
    match given:
        case Said():
            said = (given.text, given.choice or "")
        case Keyed():
            said = (given.digits, "")
        case Recorded():
            return False
    return any(asks_for_human(text, flow.human_words) for text in said if text)


# Text and buttons


def _listen(run: Run, given: Said) -> None:
    node = run.node
    text = encodable(given.text).strip()[:MAX_TEXT_CHARS]
    pressed = next((option for option in run.options if option.key == given.choice), None)
    option = pressed or chosen(text, run.options)
    if text and not (isinstance(node, AskStep) and node.is_secret):
        run.put("said", text)
    if _wants_human(run.flow, given) and not (option and option.key == "0"):
        run.go_to_human()
    elif option:
        _choose(run, option)
    elif isinstance(node, TakeMessageStep) and (text or given.media_ids):
        _take_message(run, node, text, given.media_ids[:MAX_MEDIA])
    elif isinstance(node, RateStep) and run.awaiting == "comment":
        _take_comment(run, node, text)
    elif isinstance(node, AskStep) and (value := accepted(node, text)) is not None:
        run.put(node.variable, value)
        run.walk(node.goto)
    elif isinstance(node, AnswerStep) and text:
        run.search_again(text)
    else:
        _fail(run, is_silent=False)


# Keys of a phone


def _press(run: Run, key: str) -> None:
    """Take one key: at once where nothing longer can follow, else after a pause or ``#``."""
    node = run.node
    if run.awaiting in {"message", "comment"}:
        if key == "0" and _wants_human(run.flow, Keyed(digits=key)):
            run.go_to_human()
        elif key == "#" and isinstance(node, RateStep):
            run.walk(node.goto)
        return
    if isinstance(node, AskStep) and key in "*#":
        if key == "#":
            _finish_keys(run)
            return
        key = {"id_number": "X", "number": "."}.get(node.kind, "")
        run.digits = run.digits if key else ""
    run.digits += key
    if run.options:
        is_whole = not any(option.key.startswith(run.digits) and option.key != run.digits for option in run.options)
    else:
        is_whole = isinstance(node, AskStep) and len(run.digits) >= _full_length(node)
    if is_whole:
        _finish_keys(run)
    else:
        run.wait(run.awaiting)


def _full_length(node: AskStep) -> int:
    """Return how many keys are certainly the whole answer."""
    return node.max_length if node.kind == "digits" else _FULL_LENGTHS.get(node.kind, 32)


def _finish_keys(run: Run) -> None:
    """Take the keys pressed so far as the whole answer."""
    keys, run.digits = run.digits, ""
    node = run.node
    option = next((option for option in run.options if option.key in {keys, keys.removesuffix("#")}), None)
    if option:
        _choose(run, option)
    elif keys and _wants_human(run.flow, Keyed(digits=keys)):
        run.go_to_human()
    elif isinstance(node, AskStep) and (value := accepted(node, keys)) is not None:
        run.put(node.variable, value)
        run.walk(node.goto)
    else:
        _fail(run, is_silent=not keys)


# What answers lead to


def _choose(run: Run, option: Option | Grade) -> None:
    run.note_choice(option.key)
    match run.node, option:
        case MenuStep() as node, Option():
            if node.variable:
                run.put(node.variable, option.key)
            run.walk(option.goto)
        case AnswerStep(), Option():
            run.pick(option.key)
        case RateStep() as node, Grade():
            run.score = option.score
            if node.variable:
                run.put(node.variable, str(option.score))
            run.actions.append(Rated(score=option.score, best=_best(node)))
            if node.comment_text and option.score <= node.comment_up_to:
                run.say(node.comment_text)
                run.wait("comment")
            else:
                run.walk(node.goto)
        case _:
            pass


def _take_comment(run: Run, node: RateStep, text: str) -> None:
    if text:
        run.actions.append(Rated(score=run.score, best=_best(node), comment=text))
    run.walk(node.goto)


def _best(node: RateStep) -> int:
    return max(grade.score for grade in node.grades)


def _take_recording(run: Run, given: Recorded) -> None:
    node = run.node
    if isinstance(node, TakeMessageStep):
        if given.media_id and given.length_s >= MIN_MESSAGE_S:
            _take_message(run, node, "", (given.media_id,))
        else:
            _fail(run, is_silent=True)


def _take_message(run: Run, node: TakeMessageStep, text: str, media_ids: tuple[str, ...]) -> None:
    if node.variable:
        run.put(node.variable, text)
    run.actions.append(
        TakeMessage(
            queue_id=node.queue_id,
            text=text,
            media_ids=media_ids,
            priority=node.priority,
            skills=dict(node.skills),
            shown=run.shown(node.show),
        )
    )
    run.walk(node.goto)


def _fail(run: Run, *, is_silent: bool) -> None:
    """Ask again, or go on when all tries are used up."""
    node = run.node
    if isinstance(node, AnswerStep):
        run.walk(node.on_unsure)
        return
    if not isinstance(node, Asking):
        run.go_to_human()
        return
    run.failures += 1
    run.digits = ""
    if run.failures <= node.retries:
        run.prompt(node, is_retry=not is_silent)
        run.wait(run.awaiting)
    elif target := node.on_timeout if is_silent else node.otherwise:
        run.walk(target)
    elif is_silent:
        run.end("timed_out")
    else:
        run.go_to_human()
