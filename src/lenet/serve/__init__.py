"""Serving: a web page to draw on and an API, for one model or several."""

from lenet.serve.app import create_app
from lenet.serve.limits import Limits

__all__ = ["Limits", "create_app"]
