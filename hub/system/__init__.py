"""The state of the installation: processes, streams, disk, and what to do about them."""
