-- Ten bins of the verifier's probability, each with the share of its steps that are sound.
with scored as (
    select iteration, truth, probability, least(9, floor(10 * probability))::int as bin
    from step_truth
    where probability is not null
)

select
    iteration,
    bin,
    count(*) as n,
    count(*) filter (where truth) as n_sound,
    avg(probability) as probability_mean,
    avg(truth::int) as sound_share
from scored
group by all
order by all;
