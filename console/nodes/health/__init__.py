"""Health checks of nodes: a command, a pure verdict on what it prints, a remedy."""
