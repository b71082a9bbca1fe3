"""The model file and the runtime that uses it, without a training library."""
