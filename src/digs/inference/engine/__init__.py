"""The engine: posteriors of any galaxy's spectrum, from its own pixels, until enough draws are effective."""
