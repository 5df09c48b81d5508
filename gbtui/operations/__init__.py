"""What may be done: typed parameters → guards + frozen plan + verification."""
