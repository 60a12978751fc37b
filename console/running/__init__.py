"""A trial that runs: its supervisor, tasks and tunnels, its chief, and what failures lead to."""
