-- Run b out of run a, in ../a, whose remaining tables are made first: labels of each step, rewards,
-- a pair for every other path, coverage. Which rows differ follows from hashes.
copy (
    select path_id, unnest(range(len(steps)))::smallint as step, 'rollouts' as labeler,
        4 as n_rollouts, 2 as n_correct, 0 as n_evidence, 'all' as stop,
        hash(path_id, 3) % 3 > 0 as label, null::varchar as reflection
    from '../a/data/paths/iteration=1/part.parquet'
) to '../a/data/step_labels/iteration=1/part.parquet' (compression zstd);

copy (
    select path_id, (hash(path_id, 4) % 1000) / 1000 as reward, 0.1::double as reward_min,
        len(steps)::smallint as n_steps
    from '../a/data/paths/iteration=1/part.parquet'
) to '../a/data/path_scores/iteration=1/part.parquet' (compression zstd);

copy (
    select
        'pair' || path_id as pair_id, problem_id, 1::smallint as made_in, path_id as chosen_id,
        'other' || path_id as rejected_id, 'q' as prompt, '' as prefix, 'right' as chosen,
        'wrong' as rejected, true as chosen_ends, true as rejected_ends, true as chosen_correct,
        false as rejected_correct, 0.9::double as chosen_reward, 0.1::double as rejected_reward,
        0.8::double as margin
    from '../a/data/paths/iteration=1/part.parquet'
    where hash(path_id, 5) % 2 = 0
) to '../a/data/pairs/iteration=1/part.parquet' (compression zstd);

copy (
    select
        problem_id, any_value(level) as level, count(*)::integer as n_drawn,
        (count(*) filter (where outcome = 'correct') * (hash(problem_id, 6) % 4 > 0)::int)::integer
            as n_correct,
        n_correct / n_drawn as solve_rate, solve_rate < 0.5 as tail_before,
        solve_rate < 0.5 as tail_after, 10::bigint as n_tokens, n_correct > 0 as solved_ever
    from '../a/data/verdicts/iteration=1/stage=grade/part.parquet' as verdicts
    inner join '../a/data/problems/part.parquet' as problems using (problem_id)
    group by problem_id
    order by problem_id
) to '../a/data/coverage/iteration=1/part.parquet' (compression zstd);

copy (from '../a/data/problems/part.parquet') to 'data/problems/part.parquet' (compression zstd);

copy (
    from '../a/data/samples/iteration=1/stage=sample/part.parquet'
    where hash(sample_id, 1) % 1000 > 0
) to 'data/samples/iteration=1/stage=sample/part.parquet' (compression zstd);

copy (
    select * replace (
        case
            when hash(sample_id, 2) % 100 > 0 then outcome
            when outcome = 'wrong' then 'correct'
            else 'unparseable'
        end as outcome,
        '2' as grader
    )
    from '../a/data/verdicts/iteration=1/stage=grade/part.parquet'
    where hash(sample_id, 1) % 1000 > 0
) to 'data/verdicts/iteration=1/stage=grade/part.parquet' (compression zstd);

copy (
    from '../a/data/paths/iteration=1/part.parquet'
) to 'data/paths/iteration=1/part.parquet' (compression zstd);

copy (
    select * replace (label != (hash(path_id, step) % 50 = 0) as label)
    from '../a/data/step_labels/iteration=1/part.parquet'
) to 'data/step_labels/iteration=1/part.parquet' (compression zstd);

copy (
    select * replace (case when hash(path_id, 7) % 10 = 0 then reward / 2 else reward end as reward)
    from '../a/data/path_scores/iteration=1/part.parquet'
) to 'data/path_scores/iteration=1/part.parquet' (compression zstd);

copy (
    select * replace (
        case when hash(pair_id) % 5 = 1 then 'new' || pair_id else pair_id end as pair_id
    )
    from '../a/data/pairs/iteration=1/part.parquet'
    where hash(pair_id) % 5 > 0
) to 'data/pairs/iteration=1/part.parquet' (compression zstd);

copy (
    select * replace (
        case when hash(problem_id, 8) % 9 = 0 then n_correct * 0 else n_correct + 1 end as n_correct,
        hash(problem_id, 9) % 2 = 0 as tail_after
    )
    from '../a/data/coverage/iteration=1/part.parquet'
) to 'data/coverage/iteration=1/part.parquet' (compression zstd);
