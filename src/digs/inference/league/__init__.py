"""The league: methods of many kinds, entered in the benchmark on the same terms."""
