"""The parent process: starts, watches and restarts the bus, the hub and the plugins."""
