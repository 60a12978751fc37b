"""What runs on a node or speaks to one."""
