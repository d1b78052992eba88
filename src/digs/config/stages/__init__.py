"""The settings of each stage, a module a stage: what a section of params.yaml may hold."""
