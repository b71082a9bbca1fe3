"""Teaching the network: recipes, the one training loop, and the run folder that is left behind."""
