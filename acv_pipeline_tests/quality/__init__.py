"""Tests of the checks between the layers."""
