"""What was said in recordings and voice messages: ordered from transcribers, kept, shown, corrected."""
