-- Every change of a département's figure once it was in force, the latest first.
select
    revised_on,
    source,
    month,
    department_code,
    old_value,
    new_value,
    kind,
    national_effect
from marts.revisions
where indicator_id = $indicator
order by revised_on desc, source, month desc, department_code
