"""Posteriors of catalogues: any number of spectra, in flat memory, taken up where they were interrupted."""
