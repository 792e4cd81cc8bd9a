"""What waits would be with other agents, another load or another strategy: the simulator of docs/routing.md."""
