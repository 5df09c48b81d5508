"""Walkthroughs: Markdown files that an operator follows step by step, and their reader."""
