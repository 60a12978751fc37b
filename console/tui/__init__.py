"""The app: its screens and widgets, over a session."""
