-- Sums of départements of the headline series for a level, in the Baromètre's own columns; then what
-- the sum is made of, what was published, and what the month adds.
with {% include 'contributions.sql' %},

{% include 'comparable.sql' %},

located as (

    select
        contributions.*,
        {{ "region_code" if level == "region" else "'FR'" }} as territory_code
    from contributions

),

parts as (

    select
        month,
        territory_code,
        {% for partner in partners %}
        cast(sum(case when source = {{ partner | literal }} then cumulative_dwellings end) as bigint)
            as cumul_{{ partner }},
        {% endfor %}
        max(case when is_corrected then 1 else 0 end) = 1 as is_corrected,
        string_agg(distinct delivery, ' ' order by delivery) as provenance
    from located
    group by month, territory_code

),

published as (

    select month, territory_code, published
    from comparable
    where indicator_id = {{ indicator | literal }}
        and level = {{ level | literal }}
        and basis = {{ "'partners'" if headline == "total" else "'published_departments'" }}

)

select
    {{ names.measure | literal }} as mesure,
    {{ names.label | literal }} as indicateur,
    totals.indicator_id as id_indicateur,
    {% if level == "region" %}
    totals.territory_code as code_region,
    regions.region_name as libelle_region,
    {% else %}
    'national' as maille_geographique,
    {% endif %}
    last_day(totals.month) as date,
    totals.cumulative_dwellings as valeur,
    {{ names.unit | literal }} as unite,
    totals.series as serie,
    {% for partner in partners %}
    parts.cumul_{{ partner }},
    {% endfor %}
    totals.is_complete as complet,
    published.published as valeur_publiee,
    totals.increment as increment,
    last_day(totals.previous_month) as date_precedente,
    totals.months_elapsed as mois_ecoules,
    parts.is_corrected as corrige,
    totals.is_break as rupture,
    parts.provenance
from marts.territory_totals as totals
inner join parts
    on parts.month = totals.month
    and parts.territory_code = totals.territory_code
left join published
    on published.month = totals.month
    and published.territory_code = totals.territory_code
left join reference.regions as regions
    on regions.region_code = totals.territory_code
where totals.indicator_id = {{ indicator | literal }}
    and totals.series = {{ headline | literal }}
    and totals.level = {{ level | literal }}
