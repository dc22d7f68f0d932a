-- Rejects by stage and reason, with three examples of each; reasons that differ only in words with
-- digits count as one.
with reasons as (
    select
        stage,
        regexp_replace(reason, '\S*\d\S*', '…', 'g') as reason,
        iteration,
        item,
        content
    from rejects
)

select
    stage,
    reason,
    count(*) as n,
    list({'item': item, 'content': content[:120]} order by iteration, item)[1:3] as examples
from reasons
group by stage, reason
order by n desc, stage, reason
limit 40;
