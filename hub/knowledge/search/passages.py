"""Cuts a long text into passages: each is found by itself, and says where in the text it stands."""

from typing import Final

PASSAGE_CHARS: Final = 1_500
OVERLAP_CHARS: Final = 60  # so that what stands on the border of two is found as well


def passages(text: str) -> list[str]:
    """Return the passages of ``text`` in their order; none of an empty one."""
    return [text[at : at + PASSAGE_CHARS + OVERLAP_CHARS] for at in range(0, len(text), PASSAGE_CHARS)]


def count_passages(size: int) -> int:
    """Return how many passages a text of ``size`` characters has."""
    return -(-size // PASSAGE_CHARS)


def passage_id(file_id: str, number: int) -> str:
    """Return the id under which a passage is indexed."""
    return f"{file_id}.{number}"


def passage_of(document_id: str) -> tuple[str, int] | None:
    """Return the file and the number of an indexed passage; None when it is something else."""
    file_id, dot, number = document_id.rpartition(".")
    return (file_id, int(number)) if dot and number.isdecimal() else None
