"""One network for the spectra of any spectrograph."""
