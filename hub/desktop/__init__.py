"""What an agent's browser talks to: a snapshot, numbered changes, and calls."""
