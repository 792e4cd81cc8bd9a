"""Reads articles out of the files a service kept them in before."""
