"""What is trained and how: specs, autoencoders, training engines, the detector and the chief."""
