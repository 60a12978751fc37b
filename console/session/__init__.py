"""What the app looks at and can ask for, without a screen."""
