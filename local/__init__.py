"""The local cloud: the same synthesized app on one machine, without AWS and without Docker; nothing else may import it."""
