"""Brute force: exact posteriors from a grid of templates, without a network and without a walk."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(__name__, {"Grid": "grid", "GridPosterior": "grid"})
