"""The network, described once as data: ``architecture``, the named ones in ``named``, the Keras form in ``build``."""
