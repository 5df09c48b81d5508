"""`make bench`: what gbtui costs, as ratios measured in one run against what an operator would use
instead. Prints; asserts nothing: a busy machine must not turn a figure into a failure."""
