-- The headline series, one row per département and month, in the Baromètre's own columns; then each
-- partner's part, and the rows it comes from.
with {% include 'contributions.sql' %},

parts as (

    select
        month,
        department_code,
        {% for partner in partners %}
        max(case when source = {{ partner | literal }} then cumulative_dwellings end)
            as cumul_{{ partner }},
        {% endfor %}
        concat_ws(
            ' '
            {% for source in sources %},
            max(case when source = {{ source | literal }} then origin end)
            {% endfor %}
        ) as provenance
    from contributions
    group by month, department_code

)

select
    {{ names.measure | literal }} as mesure,
    {{ names.label | literal }} as indicateur,
    figures.indicator_id as id_indicateur,
    figures.department_code as code_departement,
    departments.department_name as libelle_departement,
    last_day(figures.month) as date,
    figures.cumulative_dwellings as valeur,
    {{ names.unit | literal }} as unite,
    figures.series as serie,
    {% for partner in partners %}
    parts.cumul_{{ partner }},
    {% endfor %}
    figures.is_corrected as corrige,
    figures.is_break as rupture,
    parts.provenance
from marts.monthly_increments as figures
inner join reference.departments as departments
    on departments.department_code = figures.department_code
inner join parts
    on parts.month = figures.month
    and parts.department_code = figures.department_code
where figures.indicator_id = {{ indicator | literal }}
    and figures.series = {{ headline | literal }}
