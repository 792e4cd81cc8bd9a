"""What colleagues tell each other: chat rooms, and bulletins that are to be read."""
