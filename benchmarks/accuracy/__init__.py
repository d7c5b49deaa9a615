"""Analytics against what is known to be true: the sections of ``docs/accuracy.md``."""
