"""How well people are served, as reviewers score it: sheets, sampling, reviews, appeals, results."""
