"""The app's widgets: each shows one thing of the session."""
