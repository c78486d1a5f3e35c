-- The delivered figures of which the headline is made: the partners' that are counted in the month, or
-- the published ones. `origin` leads back to the row.
contributions as (

    select
        dwellings.source,
        dwellings.month,
        dwellings.department_code,
        departments.region_code,
        dwellings.cumulative_dwellings,
        dwellings.is_corrected,
        dwellings.source || ':' || substr(dwellings.delivery_id, 1, 12) as delivery,
        dwellings.source || ':' || substr(dwellings.delivery_id, 1, 12)
            || ':' || cast(dwellings.row_number as varchar) as origin
    from validated.dwellings as dwellings
    inner join marts.series as headline
        on headline.indicator_id = dwellings.indicator_id
        and headline.series = {{ headline | literal }}
        and headline.month = dwellings.month
        and headline.department_code = dwellings.department_code
    inner join contract.sources as sources
        on sources.source = dwellings.source
    inner join reference.departments as departments
        on departments.department_code = dwellings.department_code
    left join contract.components as components
        on components.indicator_id = dwellings.indicator_id
        and components.source = dwellings.source
        and components.first_month <= dwellings.month
    where dwellings.indicator_id = {{ indicator | literal }}
        and (
            sources.series = {{ headline | literal }}
            or ({{ headline | literal }} = 'total' and components.source is not null)
        )

)
