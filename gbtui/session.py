"""One host under one operator's hands: what the command line and the screens share."""
