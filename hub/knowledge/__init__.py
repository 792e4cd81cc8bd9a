"""The knowledge base: articles, their search, and what it suggests."""
