"""The schema of each HDF5 data product, a module a product."""
