"""SMPP 3.4 as an ESME: transceiver, or transmitter and receiver apart."""
