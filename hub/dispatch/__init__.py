"""Brings work to agents: feeds the routing core with what happens and makes true what it decides."""
