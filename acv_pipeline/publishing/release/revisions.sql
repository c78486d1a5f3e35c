-- Every change of a figure in force.
select
    revisions.indicator_id as id_indicateur,
    revisions.source,
    revisions.department_code as code_departement,
    departments.department_name as libelle_departement,
    last_day(revisions.month) as date,
    revisions.revised_on as revise_le,
    revisions.old_value as ancienne_valeur,
    revisions.new_value as nouvelle_valeur,
    case revisions.kind
        when 'routine' then 'courante'
        when 'correction' then 'correction'
        when 'withdrawn' then 'retrait'
        when 'perimeter' then 'perimetre'
    end as nature,
    revisions.national_effect as effet_national,
    substr(revisions.old_delivery_id, 1, 12) as ancienne_livraison,
    substr(revisions.new_delivery_id, 1, 12) as nouvelle_livraison
from marts.revisions as revisions
inner join reference.departments as departments
    on departments.department_code = revisions.department_code
