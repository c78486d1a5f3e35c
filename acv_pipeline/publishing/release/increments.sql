-- What each month adds, for every series of an indicator.
select
    increments.indicator_id as id_indicateur,
    increments.series as serie,
    increments.department_code as code_departement,
    departments.department_name as libelle_departement,
    last_day(increments.month) as date,
    increments.cumulative_dwellings as valeur,
    last_day(increments.previous_month) as date_precedente,
    increments.months_elapsed as mois_ecoules,
    increments.increment as increment,
    increments.increment_per_month as increment_mensuel,
    increments.is_decrease as baisse,
    increments.is_corrected as corrige,
    increments.is_break as rupture
from marts.monthly_increments as increments
inner join reference.departments as departments
    on departments.department_code = increments.department_code
where increments.indicator_id = {{ indicator | literal }}
