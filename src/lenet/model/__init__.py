"""The model file and the light runtime that reads with it: no training library in this room."""
