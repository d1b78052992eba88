"""Spectra with exact posteriors, that any method can be measured against."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(__name__, {"TRACKS": "tracks", "Track": "tracks", "load_track": "tracks"})
