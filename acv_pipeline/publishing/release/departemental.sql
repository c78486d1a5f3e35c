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
    series.indicator_id as id_indicateur,
    series.department_code as code_departement,
    departments.department_name as libelle_departement,
    last_day(series.month) as date,
    series.cumulative_dwellings as valeur,
    {{ names.unit | literal }} as unite,
    series.series as serie,
    {% for partner in partners %}
    parts.cumul_{{ partner }},
    {% endfor %}
    series.is_corrected as corrige,
    parts.provenance
from marts.series as series
inner join reference.departments as departments
    on departments.department_code = series.department_code
inner join parts
    on parts.month = series.month
    and parts.department_code = series.department_code
where series.indicator_id = {{ indicator | literal }}
    and series.series = {{ headline | literal }}
