-- Figures of the corrections register that stand in place of delivered ones.
select
    corrections.month,
    corrections.source,
    corrections.department_code,
    corrections.delivered,
    corrections.corrected,
    corrections.reason,
    corrections.corrected_by,
    corrections.corrected_on
from validated.corrections as corrections
join validated.dwellings as dwellings
    on dwellings.indicator_id = corrections.indicator_id
    and dwellings.source = corrections.source
    and dwellings.month = corrections.month
    and dwellings.department_code = corrections.department_code
    and dwellings.delivery_id = corrections.delivery_id
    and dwellings.is_corrected
where corrections.indicator_id = $indicator
order by corrections.month desc, corrections.department_code, corrections.source
