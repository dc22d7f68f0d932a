-- Tables of an iteration with $samples samples, a hundred a problem; two a path. Of a fifth, which
-- are guided, half begin with their hint, others keep lines of it or were told the answer. Whether
-- they are right follows from a hash and the problem's level. Where no truth is known, a tenth of
-- the paths, steps are labelled. Rows are made in the order of their ids, as the store writes them.
set variable problems = getvariable('samples') // 100;

create macro problem_of(i) as i % getvariable('problems');
create macro problem_name(p) as 'problem-' || format('{:08d}', p);
create macro level_of(p) as 1 + p % 5;
create macro sample_name(i) as format('{:08x}{:012x}', i, hash(i) >> 16);
create macro pair_of(i) as
    i // (2 * getvariable('problems')) * getvariable('problems') + problem_of(i);
create macro is_correct(i) as hash(pair_of(i)) % 100 < 105 - 20 * level_of(problem_of(i));
create macro how(i) as case i * 20 // getvariable('samples')
    when 16 then 'state_reset' when 17 then 'adaptive' when 18 then 'rationale' when 19 then 'answer'
    else 'unguided' end;
create macro is_labelled(i) as problem_of(i) // 5 % 10 = 0;
create macro line(a, n) as
    'Ann has ' || a || ' pens and buys ' || n || ' more, so by the end of day ' || n || ' she has '
    || a || ' + ' || n || ' = ' || (a + n) || '.' || chr(10);

create table solutions as
select a, n, level, [line(a, n + step) for step in range(level)] as steps,
    array_to_string(steps, '') as text
from range(97) a (a), range(7) n (n), range(1, 6) levels (level);

create view problem_rows as
select p, solutions.level, solutions.steps
from range(getvariable('problems')) numbers (p)
inner join solutions on a = p % 97 and n = 0 and level = level_of(p);

create view sample_rows as
select i, a, solutions.level, solutions.steps, solutions.text
from range(getvariable('samples')) numbers (i)
inner join solutions
    on a = problem_of(i) % 97 and n = pair_of(i) % 7 and level = level_of(problem_of(i));

copy (
    select
        problem_name(p) as problem_id, 'bench' as source, 'train' as split, 'math' as kind,
        'q' as question, 'q' as prompt, 'a' as answer, []::varchar[] as options,
        steps as rationale, false as demonstrated, []::varchar[] as tests, '' as given,
        level::smallint as level, null::varchar as subject
    from problem_rows
) to 'data/problems/part.parquet' (compression zstd);

copy (
    select
        sample_name(i) as sample_id, problem_name(problem_of(i)) as problem_id,
        how(i) as strategy,
        0 as attempt, (i // getvariable('problems'))::integer as draw,
        case how(i)
            when 'state_reset' then steps[1] when 'adaptive' then steps[1]
            when 'rationale' then text when 'answer' then a::varchar
        end as hint,
        case how(i)
            when 'unguided' then 0 when 'answer' then 0 when 'rationale' then 1 else 1 / level
        end::float as revealed,
        case when how(i) = 'rationale' then 'Let us see.' || chr(10) else '' end || text as text,
        (10 * level)::integer as n_tokens, -3.25::double as logprob, 'stop' as finish,
        7::bigint as seed, 'bench 1' as engine, 'm' as model_digest, 'p' as prompt_digest,
        null::varchar as parent, null::boolean as recorded_correct
    from sample_rows
) to 'data/samples/iteration=1/stage=sample/part.parquet' (compression zstd);

copy (
    select
        sample_name(i) as sample_id, problem_name(problem_of(i)) as problem_id,
        case when is_correct(i) then 'correct' else 'wrong' end as outcome, '7' as extracted,
        'as text' as detail, '1' as grader
    from range(getvariable('samples')) numbers (i)
) to 'data/verdicts/iteration=1/stage=grade/part.parquet' (compression zstd);

copy (
    select
        'path' || sample_name(i) as path_id, problem_name(problem_of(i)) as problem_id,
        1::smallint as made_in,
        [sample_name(i), sample_name(i + getvariable('problems'))] as sample_ids, steps,
        'print' || sample_name(i) as fingerprint, is_correct(i) as correct, true as kept,
        null::varchar as duplicate_of,
        case when not is_labelled(i) then list_resize([hash(i) % 10 > 0], level::bigint, true) end
            as truth
    from sample_rows
    where i // getvariable('problems') % 2 = 0
) to 'data/paths/iteration=1/part.parquet' (compression zstd);

copy (
    select
        'sampled' as origin, path_id as text_id, problem_id, 10 as n_tokens,
        len(steps) / 10 as nll_mean
    from 'data/paths/iteration=1/part.parquet'
    where correct and problem_id < problem_name(100)
    union all
    select 'gold', problem_id, problem_id, 10, len(rationale) / 9
    from 'data/problems/part.parquet'
    where problem_id < problem_name(100)
) to 'data/perplexities/iteration=1/part.parquet' (compression zstd);

copy (
    select
        path_id, step::smallint as step, case when step = len(steps) - 1 then 'outcome' else 'rollouts'
        end as labeler, 4 as n_rollouts, 4 as n_correct, 0 as n_evidence, 'all' as stop,
        hash(path_id, step) % 10 > 0 as label, null::varchar as reflection
    from (
        select path_id, steps, unnest(range(len(steps))) as step
        from 'data/paths/iteration=1/part.parquet'
        where truth is null
    )
) to 'data/step_labels/iteration=1/part.parquet' (compression zstd);

copy (
    select
        problem_name(p) as problem_id, level_of(p)::smallint as level, 8 as n_drawn, 0 as n_correct,
        0::double as solve_rate, true as tail_before, true as tail_after, 80::bigint as n_tokens,
        p % 7 = 0 as solved_ever
    from range(getvariable('problems')) numbers (p)
) to 'data/coverage/iteration=0/part.parquet' (compression zstd);
