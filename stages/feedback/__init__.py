"""Whether a step is right, according to rollouts, a judge, a critic or a verifier."""
