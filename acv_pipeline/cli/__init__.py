"""The commands of ``acv``, a module per kind. Not here: what they do."""
