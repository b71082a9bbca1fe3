"""Exporting a model to other formats; every exported file is run and compared with the model before it is kept."""
