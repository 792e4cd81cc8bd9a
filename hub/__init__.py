"""The server: router, queues, flows, conversations, desktop."""
