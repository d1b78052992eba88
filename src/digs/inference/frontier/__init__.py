"""Which way to exact posteriors costs the least, by the number of parameters that are not in closed form."""
