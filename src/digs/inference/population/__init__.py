"""The distribution of parameters over a catalogue, from the draws of its galaxies."""
