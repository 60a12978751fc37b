"""What is told of runs: described, compared with the paper's, drawn, exported, measured."""
