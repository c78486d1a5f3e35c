-- One row per indicator_id, series, level, territory_code, month.
select
    indicator_id,
    series,
    level,
    territory_code,
    month,
    count(*) as occurrences
from {{ ref('territory_totals') }}
group by indicator_id, series, level, territory_code, month
having count(*) > 1
