"""Today's sums: they add up, whatever happens to whom."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.events import ConversationView, QueueView, WorkMoved
from core.events.conversations import ConversationChanged
from hub.dispatch.queues import WAITED_OUT
from hub.figures.boards import Boards
from hub.figures.ledger import Ledger, Targets
from hub.figures.views import Board

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # in Beijing
QUEUES = ("tax", "heat")


def make_ledger(now: datetime = NOON) -> Ledger:
    ledger = Ledger(lambda _: Targets(service_s=20, wrap_up_s=30), "Asia/Shanghai")
    ledger.fill([], {}, now)
    return ledger


class Story:
    """Tells the ledger of conversations as the hub would."""

    def __init__(self, ledger: Ledger, at: datetime = NOON) -> None:
        self.ledger = ledger
        self.at = at
        self.views: dict[str, ConversationView] = {}

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def come(self, name: str, queue_id: str = "tax", *, channel: str = "web_chat", is_message: bool = False) -> None:
        self.views[name] = ConversationView(
            conversation_id=name,
            contact_id="c",
            instance="i",
            channel=channel,
            address="a",
            state="queued",
            queue_id=queue_id,
            opened_at=self.at,
        )
        self.change(name)
        self.move(name, "enqueued", is_message=is_message)

    def answer(self, name: str, agent_id: str = "zhou") -> None:
        self.change(name, state="active", agent_id=agent_id, assigned_at=self.at)
        self.move(name, "assigned")

    def leave(self, name: str) -> None:
        self.move(name, "withdrawn", explanation={"reason": "left"})
        self.change(name, state="closed", closed_at=self.at)

    def end(self, name: str) -> None:
        self.change(name, state="wrap_up")

    def close(self, name: str) -> None:
        self.change(name, state="closed", closed_at=self.at)

    def divert(self, name: str) -> None:
        self.change(name, state="flow")
        self.move(name, "withdrawn", explanation={"reason": WAITED_OUT})

    def transfer(self, name: str, queue_id: str) -> None:
        self.change(name, state="queued", agent_id=None, queue_id=queue_id)
        self.move(name, "enqueued")

    def change(self, name: str, **values: object) -> None:
        self.views[name] = msgspec.structs.replace(self.views[name], **values)
        self.ledger.apply(ConversationChanged(conversation=self.views[name], change="updated"), self.at)

    def move(self, name: str, step: str, **more: object) -> None:
        view = self.views[name]
        event = WorkMoved(
            work_id=f"w-{name}",
            conversation_id=name,
            queue_id=view.queue_id or "",
            step=step,  # type: ignore[arg-type]
            channel=view.channel,
            **more,  # type: ignore[arg-type]
        )
        self.ledger.apply(event, self.at)

    def board(self) -> Board:
        self.ledger.advance(self.at)
        figures = {queue_id: QueueView(queue_id=queue_id, title=queue_id) for queue_id in QUEUES}
        boards = Boards(self.ledger, self.at, lambda _: False)
        return boards.board(figures, ["zhou", "li"], here_since={}, lines=(), alarms=())


@pytest.fixture
def story() -> Story:
    return Story(make_ledger())


def test_a_conversation_served_in_time_counts_in_every_figure(story: Story) -> None:
    story.come("a")
    story.wait(12)
    story.answer("a")
    story.wait(100)
    story.end("a")
    story.wait(10)
    story.change("a", rating=5)
    story.close("a")
    today = story.board().queues["tax"].periods["today"]
    assert (today.offered, today.answered, today.handled, today.waiting) == (1, 1, 1, 0)
    assert (today.answer_s, today.handle_s, today.wrap_up_s) == (12, 100, 10)
    assert (today.service_level, today.rating, today.satisfied) == (1.0, 5, 1.0)
    agent = story.board().agents["zhou"]
    assert (agent.handled, agent.handle_s) == (1, 100)


def test_who_waits_too_long_lowers_the_service_level_before_anybody_answers(story: Story) -> None:
    story.come("a")
    story.answer("a")
    story.come("b")
    story.wait(21)
    assert story.board().total["today"].service_level == 0.5
    story.leave("b")
    assert story.board().total["today"].service_level == 0.5


def test_who_leaves_at_once_does_not_count_towards_the_service_level(story: Story) -> None:
    story.come("a")
    story.wait(5)
    story.leave("a")
    today = story.board().total["today"]
    assert (today.abandoned, today.service_level) == (1, None)


def test_whose_longest_wait_is_over_was_diverted_and_did_not_abandon(story: Story) -> None:
    story.come("a")
    story.wait(60)
    story.divert("a")
    today = story.board().total["today"]
    assert (today.offered, today.abandoned, today.diverted, today.waiting) == (1, 0, 1, 0)
    assert today.service_level == 0


def test_a_message_left_for_later_says_nothing_about_waiting(story: Story) -> None:
    story.come("a", is_message=True)
    story.wait(3_600)
    story.answer("a")
    today = story.board().total["today"]
    assert (today.offered, today.answered, today.service_level, today.answer_s) == (1, 1, None, None)


def test_a_conversation_counts_for_the_queue_it_is_in_last(story: Story) -> None:
    story.come("a", "tax")
    story.answer("a", "zhou")
    story.transfer("a", "heat")
    story.answer("a", "li")
    story.end("a")
    board = story.board()
    assert board.queues["tax"].periods["today"].offered == 0
    assert board.queues["heat"].periods["today"].handled == 1
    assert (board.agents["zhou"].handled, board.agents["li"].handled) == (0, 1)


def test_periods_forget_who_came_before_them(story: Story) -> None:
    story.come("a")
    story.wait(16 * 60)
    periods = story.board().total
    assert [periods[name].offered for name in ("15", "30", "60", "today")] == [0, 1, 1, 1]


def test_a_new_day_begins_at_local_midnight(story: Story) -> None:
    story.come("old")
    story.leave("old")
    story.come("open")
    story.answer("open")
    story.wait(12 * 3_600)  # 00:00 in Beijing
    board = story.board()
    assert board.total["today"].offered == 0
    assert [one.conversation_id for one in board.agents["zhou"].serving] == ["open"]
    assert [case.conversation_id for case in story.ledger.cases()] == ["open"]


def test_quarter_hours_add_up_to_the_day(story: Story) -> None:
    for number in range(5):
        story.come(f"c{number}", QUEUES[number % 2])
        story.wait(600)
    day = Boards(story.ledger, story.at, lambda _: False).day(QUEUES)
    assert sum(quarter.offered for quarter in day.quarters) == 5
    assert day.quarters[48].offered == 2  # 12:00 and 12:10


KINDS = ("come", "answer", "leave", "divert", "end", "close", "transfer", "wait")
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_queues_channels_and_quarters_each_sum_up_to_the_conversations(steps: list[tuple[str, int]]) -> None:
    story = Story(make_ledger())
    for step, number in steps:
        name = f"c{number}"
        view = story.views.get(name)
        match step:
            case "come" if view is None:
                story.come(name, QUEUES[number % 2], channel=("sms", "web_chat")[number % 3 == 0])
            case "answer" if view is not None and view.state == "queued":
                story.answer(name)
            case "leave" | "divert" if view is not None and view.state == "queued" and view.assigned_at is None:
                (story.leave if step == "leave" else story.divert)(name)
            case "end" if view is not None and view.state == "active":
                story.end(name)
            case "close" if view is not None and view.state == "wrap_up":
                story.close(name)
            case "transfer" if view is not None and view.state == "active":
                story.transfer(name, QUEUES[(number + 1) % 2])
            case "wait":
                story.wait(number * 7)
            case _:
                pass
    board = story.board()
    total = board.total["today"]
    assert total.offered == len(story.views)
    day = Boards(story.ledger, story.at, lambda _: False).day(QUEUES)
    for parts in ([one.periods["today"] for one in board.queues.values()], list(board.channels.values()), day.quarters):
        for name in ("offered", "answered", "abandoned", "diverted"):
            assert sum(getattr(part, name) for part in parts) == getattr(total, name)
    for view in (total, *(one.periods["today"] for one in board.queues.values())):
        assert view.offered == view.answered + view.abandoned + view.diverted + view.waiting
    assert total.diverted == sum(one.state == "flow" for one in story.views.values())
    assert total.abandoned == sum(one.state == "closed" and one.assigned_at is None for one in story.views.values())
    assert total.handled == sum(
        one.state in ("wrap_up", "closed") and one.assigned_at is not None for one in story.views.values()
    )
    assert sum(agent.handled for agent in board.agents.values()) == total.handled
