"""What the house writes first: templates, subscriptions, words to opt out, and who is not to be written to."""
