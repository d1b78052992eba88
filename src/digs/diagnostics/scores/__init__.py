"""How good is a method that makes posteriors? Entries to the benchmark, scored against exact posteriors and truths."""
