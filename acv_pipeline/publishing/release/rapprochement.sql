-- Computed against published.
with {% include 'comparable.sql' %},

territories as (

    select
        'department' as level,
        department_code as territory_code,
        'departemental' as maille,
        department_name as libelle_territoire
    from reference.departments
    union all
    select
        'region' as level,
        region_code as territory_code,
        'regional' as maille,
        region_name as libelle_territoire
    from reference.regions
    union all
    select
        'national' as level,
        'FR' as territory_code,
        'national' as maille,
        'France' as libelle_territoire

)

select
    comparable.indicator_id as id_indicateur,
    case comparable.basis
        when 'partners' then 'partenaires'
        when 'published_departments' then 'departements_publies'
    end as base,
    territories.maille,
    comparable.territory_code as code_territoire,
    territories.libelle_territoire,
    last_day(comparable.month) as date,
    comparable.computed as valeur_calculee,
    comparable.published as valeur_publiee,
    comparable.difference as ecart,
    comparable.is_complete as complet
from comparable
inner join territories
    on territories.level = comparable.level
    and territories.territory_code = comparable.territory_code
