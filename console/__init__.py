"""The host side: command line, inventory, fleet, supervisor, run store, comparison, the app."""
