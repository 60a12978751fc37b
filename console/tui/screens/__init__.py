"""The app's screens: main, compare, and the small ones over them."""
