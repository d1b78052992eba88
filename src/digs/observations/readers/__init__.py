"""Readers of one kind of file each: what the file says of its spectra, nothing converted and nothing guessed."""
