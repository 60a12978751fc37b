"""The nouns of LocalSession: nodes, trials, history and logs, each with what can be asked of it."""
