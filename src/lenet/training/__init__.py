"""Teaching the network: recipes, the one training loop, checkpoints, and the run folder that is left behind."""
