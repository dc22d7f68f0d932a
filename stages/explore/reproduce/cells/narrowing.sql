-- The mean of a measure of right samples, or of gold.
select case $side when 'own' then self_mean else gold_mean end as value
from narrowing
where iteration = $iteration and measure = $of and data = 'all'
