-- Right draws compared with the gold rationales of the problems asked, by level, length and
-- perplexity: means, the area between the two distribution functions (the Wasserstein-1 distance),
-- and the share at or above gold's 80th percentile.
with asked as (
    select
        problem_id,
        level,
        case when len(rationale) > 0 then length(array_to_string(rationale, '')) end as n_characters
    from problems
    semi join drawn using (problem_id)
),

gold_texts as (
    from perplexities semi join asked using (problem_id) where origin = 'gold'
),

right_values as (
    select 'level' as measure, level::double as value, strategy, sum(n_correct) as n
    from drawn
    inner join asked using (problem_id)
    group by all
    union all
    select 'length' as measure, n_text_tokens::double as value, strategy, n_correct as n
    from counts
    where not of_problem and strategy != 'gold'
    union all
    select 'characters' as measure, n_characters::double as value, strategy, n_correct as n
    from counts
    where not of_problem and strategy != 'gold'
    union all
    select 'perplexity' as measure, perplexity as value, strategy, n_correct as n
    from counts
    where not of_problem and strategy != 'gold'
),

gold_values as (
    select 'level' as measure, level::double as value, 1 as n from asked
    union all
    select 'characters' as measure, n_characters::double as value, 1 as n from asked
    union all
    select 'length' as measure, n_tokens::double as value, 1 as n from gold_texts
    union all
    select 'perplexity' as measure, exp(nll_mean) as value, 1 as n from gold_texts
),

kinds as (
    from (values ('unguided'), ('all')) as data (data)
),

both_values as (
    select data, measure, value, n as n_self, 0 as n_gold
    from right_values, kinds
    where n > 0 and (data = 'all' or strategy in ('unguided', 'imported'))
    union all
    select data, measure, value, 0 as n_self, n as n_gold
    from gold_values, kinds
),

steps as (
    select
        data, measure, value, sum(n_self)::bigint as n_self, sum(n_gold)::bigint as n_gold
    from both_values
    where value is not null
    group by all
),

walk as (
    select
        *,
        sum(n_self) over so_far::bigint as self_so_far,
        sum(n_gold) over so_far::bigint as gold_so_far,
        sum(n_self) over whole::bigint as self_total,
        sum(n_gold) over whole::bigint as gold_total,
        lead(value, 1, value) over so_far - value as width
    from steps
    window
        so_far as (partition by data, measure order by value),
        whole as (partition by data, measure)
),

tails as (
    select *, min(value) filter (where 5 * gold_so_far >= 4 * gold_total and gold_total > 0)
        over (partition by data, measure) as tail_from
    from walk
),

summed as (
    select
        data,
        measure,
        sum(n_self)::bigint as n_self,
        sum(n_gold)::bigint as n_gold,
        sum(n_self * value order by value) as self_sum,
        sum(n_gold * value order by value) as gold_sum,
        sum(abs(self_so_far * gold_total - gold_so_far * self_total) * width order by value) as area,
        any_value(tail_from) as tail_from,
        sum(n_self) filter (where value >= tail_from) as n_self_tail,
        sum(n_gold) filter (where value >= tail_from) as n_gold_tail
    from tails
    group by data, measure
),

measures as (
    from (values ('level'), ('length'), ('characters'), ('perplexity')) as measure (measure)
)

select
    data,
    measure,
    coalesce(n_self, 0) as n_self,
    coalesce(n_gold, 0) as n_gold,
    self_sum / nullif(n_self, 0) as self_mean,
    gold_sum / nullif(n_gold, 0) as gold_mean,
    area / nullif(n_self, 0) / nullif(n_gold, 0) as distance,
    tail_from,
    case when tail_from is not null then coalesce(n_self_tail, 0) / nullif(n_self, 0) end as self_tail,
    n_gold_tail / nullif(n_gold, 0) as gold_tail
from kinds
cross join measures
left join summed using (data, measure)
