-- One row per indicator_id, series, month, department_code.

-- Départements by number, 60 to a block, and in each block the bits of those that were met: as many
-- as there are rows, where none was met twice. Only months with others are counted row by row,
-- which takes three times as long.
with departments as (

    select
        department_code,
        row_number() over (order by department_code) - 1 as place
    from (select distinct department_code from {{ ref('series') }}) as known

),

blocks as (

    select
        figures.indicator_id,
        figures.series,
        figures.month,
        departments.place // 60 as block,
        count(*) as row_count,
        bit_count(bit_or(cast(1 as bigint) << (departments.place % 60))) as department_count
    from {{ ref('series') }} as figures
    left join departments
        on departments.department_code = figures.department_code
    group by figures.indicator_id, figures.series, figures.month, departments.place // 60

),

doubtful as (

    select distinct
        indicator_id,
        series,
        month
    from blocks
    where department_count is null
        or department_count <> row_count

)

select
    figures.indicator_id,
    figures.series,
    figures.month,
    figures.department_code,
    count(*) as occurrences
from {{ ref('series') }} as figures
inner join doubtful
    on doubtful.indicator_id is not distinct from figures.indicator_id
    and doubtful.series is not distinct from figures.series
    and doubtful.month is not distinct from figures.month
group by figures.indicator_id, figures.series, figures.month, figures.department_code
having count(*) > 1
