"""The door: the only room that parses arguments and prints. One file a verb."""
