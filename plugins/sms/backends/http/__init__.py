"""HTTP gateways: they are asked to send, and call us with what comes in."""
