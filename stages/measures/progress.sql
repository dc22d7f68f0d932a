-- The counts of the iteration's row of `progress` (SIPF Tables 6 and 7).
with asked as (
    select
        count(*) as n_problems,
        count(*) filter (where n_correct > 0) as n_solved,
        coalesce(sum(n_drawn), 0)::bigint as n_draws,
        coalesce(sum(n_correct), 0)::bigint as n_draws_correct,
        coalesce(sum(n_tokens), 0)::bigint as n_tokens
    from coverage
    where n_drawn > 0
),

ever as (
    select
        count(*) filter (where solved_ever) as n_solved_ever,
        avg(solved_ever::int) as coverage_so_far
    from coverage
),

path_counts as (
    select count(*) as n_paths, count(*) filter (where correct) as n_paths_correct from paths
),

labelled as (
    select
        count(*) as n_steps_labelled,
        coalesce(sum(n_rollouts) filter (where labeler = 'rollouts'), 0)::bigint as n_rollouts
    from step_labels
    semi join (select path_id from paths where made_in = iteration) using (path_id)
),

corrected as (
    select count(correction) as n_corrections from corrections
),

paired as (
    select
        count(*) as n_pairs,
        count(*) filter (where not chosen_correct) as n_pairs_wrong_chosen
    from pairs
),

single as (
    select count(*) as n_examples from examples
)

select
    n_problems,
    n_solved,
    n_solved_ever,
    coalesce(n_solved / nullif(n_problems, 0), 0) as coverage,
    coverage_so_far,
    n_draws,
    n_draws_correct,
    n_tokens,
    n_paths,
    n_paths_correct,
    n_steps_labelled,
    n_rollouts,
    n_corrections,
    n_pairs,
    n_pairs_wrong_chosen,
    n_examples
from asked, ever, path_counts, labelled, corrected, paired, single
