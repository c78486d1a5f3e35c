"""Checks between the layers: declared once, evaluated by the tool that does it best."""
