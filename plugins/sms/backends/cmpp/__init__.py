"""CMPP 2.0 and 3.0, by which Chinese carriers' gateways (ISMG) talk to service providers (SP)."""
