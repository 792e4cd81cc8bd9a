"""The HTTP face: endpoints, their security, static pages and the proxy to channels."""
