"""Weighted posteriors of a catalogue: kept, tabulated, drawn, and weighted anew for a user's own prior."""
