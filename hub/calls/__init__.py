"""Phone calls: what the engine reports, what the hub plans, what callers are told, who may do what (docs/calls.md)."""
