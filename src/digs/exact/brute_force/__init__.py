"""Brute force: exact posteriors from a grid of templates, without a network and without a walk."""
