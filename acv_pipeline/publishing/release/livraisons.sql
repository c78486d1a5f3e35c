-- The deliveries that the other tables name, also where nothing of them is in force any more. Others
-- (refused, or none of whose figures ever came into force) are no part of a release. A source that
-- has left the contract is still named by the revisions, with its id in the place of a name.
with cited as (

    select delivery_id from validated.dwellings
    union
    select delivery_id from validated.published_totals
    union
    select old_delivery_id from marts.revisions
    union
    select new_delivery_id from marts.revisions

),

in_force as (

    select
        delivery_id,
        count(*) as figures,
        min(month) as first_month,
        max(month) as last_month
    from validated.dwellings
    group by delivery_id

)

select
    substr(deliveries.delivery_id, 1, 12) as livraison,
    deliveries.delivery_id as sha256,
    deliveries.source,
    coalesce(sources.label, deliveries.source) as libelle_source,
    deliveries.delivered_on as recu_le,
    deliveries.file_name as nom_fichier,
    deliveries.byte_size as taille_octets,
    deliveries.row_count as lignes_recues,
    case deliveries.status
        when 'loaded' then 'integree'
        when 'partial' then 'partielle'
        else 'sans_effet'
    end as statut,
    coalesce(in_force.figures, 0) as chiffres_en_vigueur,
    last_day(in_force.first_month) as premiere_date,
    last_day(in_force.last_month) as derniere_date
from raw.deliveries as deliveries
inner join cited
    on cited.delivery_id = deliveries.delivery_id
left join contract.sources as sources
    on sources.source = deliveries.source
left join in_force
    on in_force.delivery_id = deliveries.delivery_id
