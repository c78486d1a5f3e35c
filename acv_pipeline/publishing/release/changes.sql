-- Headline figures that are new, other or gone since the previous release. `new` are this release's
-- tables, `old` the previous one's CSVs; either may be missing.
with new as (

    {% for table in new %}
    select id_indicateur, {{ territory }} as territory, date, valeur, serie from {{ table }}
    union all
    {% endfor %}
    select '', '', date '2000-01-01', 0, '' where false

),

old as (

    {% for path in old %}
    select
        id_indicateur,
        {{ territory }} as territory,
        cast(date as date) as date,
        cast(valeur as bigint) as valeur,
        serie
    from read_csv({{ path | literal }}, all_varchar = true, header = true, hive_partitioning = false)
    union all
    {% endfor %}
    select '', '', date '2000-01-01', 0, '' where false

),

known_dates as (

    select distinct id_indicateur, date
    from old

),

compared as (

    select
        coalesce(new.id_indicateur, old.id_indicateur) as id_indicateur,
        coalesce(new.territory, old.territory) as territory,
        coalesce(new.date, old.date) as date,
        old.valeur as old_value,
        new.valeur as new_value,
        old.serie as old_series,
        new.serie as new_series
    from new
    full join old
        on old.id_indicateur = new.id_indicateur
        and old.territory = new.territory
        and old.date = new.date

)

select
    compared.*,
    known_dates.date is not null as date_was_known
from compared
left join known_dates
    on known_dates.id_indicateur = compared.id_indicateur
    and known_dates.date = compared.date
where compared.old_value is distinct from compared.new_value
    or compared.old_series <> compared.new_series
order by compared.id_indicateur, compared.date, compared.territory
