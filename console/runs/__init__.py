"""The stored runs: each a log, and what is folded from it."""
