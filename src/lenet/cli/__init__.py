"""The command line: the only package that parses arguments and prints. One file a verb."""
