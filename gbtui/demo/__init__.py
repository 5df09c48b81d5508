"""The simulated production host: a small stateful fake per tool, and its faults (drills)."""
