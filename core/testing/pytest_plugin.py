"""Makes the contract suite's fixtures known to pytest wherever Lianxin is installed."""
