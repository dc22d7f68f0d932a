-- The cost and the yield of each strategy. Shares are added as decimals, so that the sums do not
-- depend on the order of threads.
--
-- Leakage is the share of a text's characters that come from its hint. For a hint that begins the
-- text, that is the hint; for one to write from, the lines that are also in the hint, apart from
-- blanks around a line; line breaks do not count. An answer has no text to copy, so no leakage.
with begun as (
    select strategy, length(hint) / length(text) as share
    from samples
    where strategy in ('state_reset', 'adaptive', 'gold') and text != '' and starts_with(text, hint)
),

hinted as (
    select
        strategy,
        text,
        string_split(text, chr(10)) as lines,
        list_transform(string_split(hint, chr(10)), lambda line: bare(line)) as hints
    from samples
    where strategy in ('rationale', 'interactive') and hint is not null
),

shares as (
    from begun
    union all
    select
        strategy,
        list_sum(list_transform(
            lines, lambda line: case when list_contains(hints, bare(line)) then length(line) else 0 end
        )) / greatest(1, length(text) - len(lines) + 1) as share
    from hinted
),

shown as (
    select strategy, sum(revealed::decimal(18, 9)) as revealed from samples group by strategy
),

gold as (
    select problem_id, nullif(len(rationale), 0) as n_steps from problems
),

leaked as (
    select strategy, sum(share::decimal(18, 9)) as leakage from shares group by strategy
),

counted as (
    select
        strategy,
        count(*) as n_problems,
        count(*) filter (where n_correct > 0) as n_solved,
        sum(n_drawn)::bigint as n_draws,
        sum(n_correct)::bigint as n_correct,
        sum(n_tokens)::bigint as n_tokens,
        sum(counts.n_steps - n_taken * gold.n_steps) as n_steps_more,
        sum(n_taken) filter (where gold.n_steps is not null) as n_compared,
        sum(n_judged)::bigint as n_judged,
        sum(n_spurious)::bigint as n_spurious
    from counts
    left join gold using (problem_id)
    where of_problem
    group by strategy
)

select
    strategy,
    n_problems,
    n_solved,
    n_draws,
    n_correct,
    n_tokens,
    (revealed / n_draws)::double as revealed_mean,
    (n_steps_more / nullif(n_compared, 0))::double as shortcut_mean,
    n_judged,
    case when n_judged > 0 then n_spurious end as n_spurious,
    case when strategy != 'answer' then (coalesce(leakage, 0) / n_draws)::double end as leakage_mean
from counted
inner join shown using (strategy)
left join leaked using (strategy)
