"""What independent codes find in the same spectra, under the same errors."""
