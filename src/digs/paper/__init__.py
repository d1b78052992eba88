"""What Khullar et al. (2022) claim, what is found here, and how figures, tables and numbers look."""
