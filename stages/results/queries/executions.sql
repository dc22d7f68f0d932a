-- Where and when the run's stages were executed: commit, machine and versions, the newest first.
select
    "commit",
    machine,
    versions,
    count(*) as n_stages,
    min(ended_at) as first_ended_at,
    max(ended_at) as last_ended_at
from costs
where stage != 'report' and ended_at is not null
group by all
order by last_ended_at desc, n_stages desc;
