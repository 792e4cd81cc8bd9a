"""The first shape, then a widened column and a new one."""
