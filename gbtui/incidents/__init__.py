"""What happened while something was broken: one timeline per incident, shared by all operators of a host."""
