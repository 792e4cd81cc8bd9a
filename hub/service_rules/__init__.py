"""How a hotline wants its citizens to be spoken to: rules as data, what is found by them, hints to agents."""
