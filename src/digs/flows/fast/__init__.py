"""What touches the insides of sbi's, nflows' and zuko's flows, to evaluate and to draw from them faster."""
