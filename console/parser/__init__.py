"""The command line's grammar: commands, options, their examples, and completion."""
