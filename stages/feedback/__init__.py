"""Who says whether a step is right: rollouts, a judge, a critic, a verifier."""
