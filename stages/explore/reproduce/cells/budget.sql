-- Completions drawn for training problems, in all iterations so far.
select sum(n_draws)::double as value from progress where iteration <= $iteration
