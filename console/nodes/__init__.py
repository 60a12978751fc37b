"""The nodes of a cluster: their file, where they are, how they are, and what is done on them."""
