-- Tables of an iteration with $samples samples, ten a problem: eight plain draws and two that
-- begin with their hint. Whether one is right follows from a hash and from the problem's level.
create macro problem_name(p) as 'problem-' || format('{:08d}', p);
create macro level_of(p) as 1 + p % 5;
create macro line(p, n) as format(
    '{} has {} pens and buys {} more: {} + {} = {}.' || chr(10),
    ['Ann', 'Ben', 'Cem', 'Dee'][1 + p % 4], p % 97, n, p % 97, n, p % 97 + n
);

create view drawn as
select
    i,
    i // 10 as p,
    md5('sample' || i)[1:20] as sample_id,
    i % 10 >= 8 as guided,
    hash(i) % 100 < 105 - 20 * level_of(i // 10) as correct,
    [line(i // 10, n + hash(i, n) % 2) for n in range(level_of(i // 10))] as steps
from range(getvariable('samples')) numbers (i);

copy (
    select
        problem_name(p) as problem_id, 'bench' as source, 'train' as split, 'math' as kind,
        'q' as question, 'q' as prompt, 'a' as answer, []::varchar[] as options,
        [line(p, n) for n in range(level_of(p))] as rationale, false as demonstrated,
        []::varchar[] as tests, '' as given, level_of(p)::smallint as level,
        null::varchar as subject
    from range(getvariable('samples') // 10) numbers (p)
) to 'data/problems/part.parquet' (compression zstd);

copy (
    select
        sample_id, problem_name(p) as problem_id,
        case when guided then 'state_reset' else 'unguided' end as strategy,
        0 as attempt, (i % 10)::integer as draw,
        case when guided then steps[1] end as hint,
        case when guided then 1 / len(steps) else 0 end::float as revealed,
        array_to_string(steps, '') as text, (10 * len(steps))::integer as n_tokens,
        -3.25::double as logprob, 'stop' as finish, 7::bigint as seed, 'bench 1' as engine,
        'm' as model_digest, 'p' as prompt_digest, null::varchar as parent,
        null::boolean as recorded_correct
    from drawn
    order by sample_id
) to 'data/samples/iteration=1/stage=sample/part.parquet' (compression zstd);

copy (
    select
        sample_id, problem_name(p) as problem_id,
        case when correct then 'correct' else 'wrong' end as outcome, '7' as extracted,
        'as text' as detail, '1' as grader
    from drawn
    order by sample_id
) to 'data/verdicts/iteration=1/stage=grade/part.parquet' (compression zstd);

copy (
    select
        md5('path' || min(i))[1:20] as path_id, problem_name(p) as problem_id,
        list(sample_id order by i) as sample_ids, any_value(steps) as steps,
        md5('print' || min(i))[1:20] as fingerprint, correct, true as kept,
        null::varchar as duplicate_of,
        [hash(min(i), n) % 10 > 0 for n in range(level_of(p))] as truth
    from drawn
    group by p, correct, i % 4
    order by path_id
) to 'data/paths/iteration=1/part.parquet' (compression zstd);

copy (
    select
        'sampled' as origin, path_id as text_id, problem_id, 10 as n_tokens,
        len(steps) / 10 as nll_mean
    from 'data/paths/iteration=1/part.parquet'
    where correct and problem_id <= problem_name(1000)
    union all
    select 'gold', problem_id, problem_id, 10, len(rationale) / 9
    from 'data/problems/part.parquet'
    where problem_id <= problem_name(1000)
) to 'data/perplexities/iteration=1/part.parquet' (compression zstd);
