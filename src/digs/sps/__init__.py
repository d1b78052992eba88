"""FSPS and Prospector, for the stages that make populations and the reference spectra. Needs SPS_HOME."""
