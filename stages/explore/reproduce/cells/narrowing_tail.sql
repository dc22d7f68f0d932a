-- The share of right samples, or of gold, at or above gold's 80th percentile of a measure.
select 100 * case $side when 'own' then self_tail else gold_tail end as value
from narrowing
where iteration = $iteration and measure = $of and data = 'all'
