"""The formats of short messages: pure parsing and building, no socket in sight."""
