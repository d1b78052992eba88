"""The record: what ran, what vouches for changes since, and whether figures, tables and numbers follow from it."""
