"""In which order waiting work is served: priority as a head start in waiting time.

Every piece of work ages one second per second, and a step of priority is a head start of so many seconds. At any
instant the work with the greatest ``now - enqueued_at + head_start`` is next; since ``now`` is the same for all, that
is the one with the smallest ``enqueued_at - head_start``, a constant. So work is sorted once, on entry, and stays so.

No class starves: work with head start ``h`` is overtaken only by work that arrives less than ``H - h`` after it, where
``H`` is the greatest head start given. Strict priority is a head start longer than any wait.
"""

from hub.routing.model import QueueRules, WorkItem


def head_start_s(item: WorkItem, rules: QueueRules) -> float:
    """Return the seconds of waiting that ``item``'s priorities are worth in a queue with ``rules``."""
    return (rules.priority + item.priority) * rules.step_s + item.contact_level * rules.level_step_s


def order(item: WorkItem, rules: QueueRules, waiting_since: float) -> float:
    """Return the constant that sorts work that has waited since ``waiting_since``; the smallest is served first."""
    return waiting_since - head_start_s(item, rules)
