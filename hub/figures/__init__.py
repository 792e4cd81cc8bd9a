"""The wallboard's figures and alarms: readers of what the hub decided."""
