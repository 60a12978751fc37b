"""What is done when something fails: causes and their remedies, decided without IO."""
