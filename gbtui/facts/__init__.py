"""What is so on a host: command + pure `parse` → frozen dataclasses."""
