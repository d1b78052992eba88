"""Are posteriors of spectra what they say, over all spectrographs, noise and gaps that the general network knows?"""
