"""What must be so on a host: each item of the guide, judged over facts."""
