"""Flows in the hub: kept in versions, run for conversations, their actions carried out."""
